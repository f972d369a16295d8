package local

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"attendant/crm"
)

// Check tells all that is wrong with a crm.yaml, one fault a line with file and
// line.
func Check(data []byte) error {
	_, err := read(data)
	return err
}

func read(data []byte) (*file, error) {
	var f file
	if err := yaml.UnmarshalWithOptions(data, &f, yaml.Strict()); err != nil {
		line := 1
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil {
			line = at.GetToken().Position.Line
		}
		return nil, fmt.Errorf("crm.yaml:%d: %s", line, yaml.FormatError(err, false, true))
	}
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, fmt.Errorf("crm.yaml: %w", err)
	}
	c := checker{file: &f, tree: tree}
	c.check()
	return &f, errors.Join(c.faults...)
}

type checker struct {
	*file
	tree   *ast.File
	faults []error
}

func (c *checker) fault(list string, i int, format string, args ...any) {
	line := 1
	if p, err := yaml.PathString(fmt.Sprintf("$.%s[%d]", list, i)); err == nil {
		if node, err := p.FilterFile(c.tree); err == nil {
			line = node.GetToken().Position.Line
		}
	}
	c.faults = append(c.faults, fmt.Errorf("crm.yaml:%d: %s", line, fmt.Sprintf(format, args...)))
}

func (c *checker) check() {
	customers, numbers, names := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i, p := range c.Customers {
		if p.ID == "" || customers[p.ID] {
			c.fault("customers", i, "customer %q: the id is missing or taken", p.ID)
		}
		customers[p.ID] = true
		if p.Name == "" {
			c.fault("customers", i, "customer %s has no name", p.ID)
		}
	}
	known := func(list string, i int, customer string) {
		if !customers[customer] {
			c.fault(list, i, "no customer %q", customer)
		}
	}
	states := []crm.OrderStatus{crm.Processing, crm.Shipped, crm.Delayed, crm.Delivered, crm.Returned, crm.Cancelled}
	for i, o := range c.Orders {
		if o.Number == "" || numbers[o.Number] {
			c.fault("orders", i, "order %q: the number is missing or taken", o.Number)
		}
		numbers[o.Number] = true
		known("orders", i, o.Customer)
		if !slices.Contains(states, crm.OrderStatus(o.Status)) {
			c.fault("orders", i, "order %s: status %q is none of %v", o.Number, o.Status, states)
		}
	}
	for i, s := range c.Specialists {
		if s.Name == "" || names[strings.ToLower(s.Name)] {
			c.fault("specialists", i, "specialist %q: the name is missing or taken", s.Name)
		}
		names[strings.ToLower(s.Name)] = true
		c.specialist(i, s)
	}
	for i, a := range c.Appointments {
		known("appointments", i, a.Customer)
		if !names[strings.ToLower(a.Specialist)] {
			c.fault("appointments", i, "no specialist %q", a.Specialist)
		}
	}
	for i, h := range c.History {
		known("history", i, h.Customer)
	}
}

func (c *checker) specialist(i int, s specialist) {
	if len(s.Services) == 0 || s.Minutes <= 0 {
		c.fault("specialists", i, "specialist %s needs services and minutes", s.Name)
	}
	for _, hour := range s.Hours {
		if _, err := time.Parse("15:04", hour); err != nil {
			c.fault("specialists", i, "specialist %s: hour %q is not like 09:00", s.Name, hour)
		}
	}
}
