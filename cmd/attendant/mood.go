package main

import (
	"attendant/dialog"
	"attendant/dialog/model"
	"attendant/dialog/reply"
)

// judging has moods judged by the model of the settings; nil without one, and
// where that is switched off. It has breakers of its own: an endpoint that judges
// badly may understand well.
func (c config) judging() *dialog.Judging {
	endpoints := c.endpoints()
	if len(endpoints) == 0 || !c.ModelMood {
		return nil
	}
	return dialog.NewJudging(reply.New(reply.Config{Ladder: model.New(endpoints...), Budget: c.ModelBudget}))
}

// judgingGauges are the counters of judgements by their names as metrics.
func judgingGauges(j *dialog.Judging) map[string]func() float64 {
	if j == nil {
		return nil
	}
	return map[string]func() float64{
		"attendant_moods_judged":        func() float64 { return float64(j.Judged.Load()) },
		"attendant_moods_failed":        func() float64 { return float64(j.Failed.Load()) },
		"attendant_moods_judge_dropped": func() float64 { return float64(j.Dropped.Load()) },
	}
}
