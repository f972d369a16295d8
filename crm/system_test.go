package crm_test

import (
	"testing"

	"attendant/crm/crmtest"
	"attendant/crm/crmtest/shop"
	"attendant/deploy/demo"
)

func TestOperate(t *testing.T) {
	data, err := demo.Files.ReadFile("crm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	crmtest.TestSystem(t, shop.Open(t, data))
}
