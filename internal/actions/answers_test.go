package actions_test

import (
	"fmt"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// What each answer to a send makes of the batch and of the campaign, on every channel.
func TestWhatAnAnswerMakesOfBatchAndCampaign(t *testing.T) {
	t.Parallel()
	type row struct {
		name     string
		answer   nhnsim.Answer
		batch    models.BatchState
		campaign models.CampaignState
		call     models.CallOutcome
	}
	rows := []row{
		{"429", nhnsim.Answer{Status: 429, RetryAfter: time.Second}, models.BatchPlanned, models.CampaignSending, models.CallNotSent},
		{"a date that has passed", nhnsim.Answer{Code: kakao.CodePast}, models.BatchPlanned, models.CampaignSending, models.CallRefused},
		{"any other code", nhnsim.Answer{Code: kakao.CodeButton}, models.BatchRefused, models.CampaignSending, models.CallRefused},
		{"a known key", nhnsim.Answer{Code: kakao.CodeIdempotencyKey}, models.BatchInDoubt, models.CampaignSending, models.CallInDoubt},
		{"a vendor error", nhnsim.Answer{Code: kakao.CodeVendor}, models.BatchInDoubt, models.CampaignSending, models.CallInDoubt},
		{"a system error", nhnsim.Answer{Code: kakao.CodeSystem}, models.BatchInDoubt, models.CampaignSending, models.CallInDoubt},
		{"500", nhnsim.Answer{Status: 500, Body: "x"}, models.BatchInDoubt, models.CampaignSending, models.CallInDoubt},
		{"503 with a time to wait", nhnsim.Answer{Status: 503, RetryAfter: time.Second, Body: "x"}, models.BatchInDoubt, models.CampaignSending, models.CallInDoubt},
		{"no answer", nhnsim.Answer{Drop: true}, models.BatchInDoubt, models.CampaignSending, models.CallInDoubt},
		{"rubbish", nhnsim.Answer{Body: "<html>"}, models.BatchInDoubt, models.CampaignSending, models.CallInDoubt},
	}
	for _, code := range []int{
		-1000, -1001, -1002, -1003, -1014, -1017, -1019, -1024, -1027, -1030, -2017, -2502, -4004, -4005, -9992, -9995,
	} {
		rows = append(rows, row{fmt.Sprint(code), nhnsim.Answer{Code: code}, models.BatchPlanned, models.CampaignPaused, models.CallRefused})
	}
	for _, channel := range models.Channels() {
		for _, tt := range rows {
			t.Run(string(channel)+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, time.Second)
				c := b.draftOn(t, channel)
				b.sim.SetFaults(nhnsim.Faults{Hook: firstSend(tt.answer)})
				b.launches(t, c)
				must(t, b.SendBatch(t.Context(), b.batch(t, c).ID))
				b.wantAfter(t, c, tt.batch, tt.campaign, tt.call)
			})
		}
		t.Run(string(channel)+", no connection", func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			c := b.draftOn(t, channel)
			b.launches(t, c)
			k := b.appkey
			k.BaseURL = "http://127.0.0.1:1"
			must(t, b.DB.SaveAppkey(t.Context(), k), b.SendBatch(t.Context(), b.batch(t, c).ID))
			b.wantAfter(t, c, models.BatchPlanned, models.CampaignSending, models.CallNotSent)
		})
	}
}

// draftOn is a draft of a channel to a few.
func (b *bench) draftOn(t *testing.T, channel models.Channel) models.Campaign {
	t.Helper()
	if channel == models.BrandTalk {
		return b.brandDraft(t, 2)
	}
	return b.draft(t, 3)
}

func (b *bench) wantAfter(t *testing.T, c models.Campaign, batch models.BatchState, campaign models.CampaignState, outcome models.CallOutcome) {
	t.Helper()
	got := b.batch(t, c)
	calls, err := b.DB.Calls(t.Context(), got.ID)
	must(t, err)
	now, err := b.DB.CampaignByID(t.Context(), c.ID)
	must(t, err)
	if got.State != batch || now.State != campaign || len(calls) != 1 || calls[0].Outcome != outcome {
		t.Errorf("the batch is %s, the campaign %s (%s), calls %+v", got.State, now.State, now.Hold, calls)
	}
	e, err := b.DB.Equation(t.Context(), now)
	must(t, err)
	if e.Sum() != e.Audience || len(b.count()) != 0 {
		t.Errorf("%+v, and %d were sent", e, len(b.count()))
	}
}
