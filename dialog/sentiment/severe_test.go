package sentiment

import "testing"

func TestSevere(t *testing.T) {
	for text, want := range map[string]string{
		"there is a burning smell from the battery":      "safety",
		"I think my charger is on fire!":                 "safety",
		"my husband passed away and the contract is his": "bereavement",
		"you will hear from my lawyer":                   "legal",
		"i want to die":                                  "self_harm",
		"fuck you":                                       "abuse",
		"the lamp is not burning any more":               "",
		"my battery died":                                "",
		"where is my order":                              "",
		"电池冒烟了":                                          "safety",
		"":                                               "",
		"i would like to die down the heating in winter":   "",
		"the fire alarm in your advert is funny, isn't it": "",
	} {
		if got := Severe(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
