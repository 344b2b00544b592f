package actions_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
)

// withImage is a draft whose messages carry an image, and the image's number at the
// provider.
func (b *bench) withImage(t *testing.T) (c models.Campaign, seq int) {
	t.Helper()
	up, c := b.uploads(t, "봄.png", 1), b.draft(t, 3)
	before := c
	c.Content.Image, c.Content.ImageLink = new(up.Picture()), "https://example.com/?n=#{이름}"
	c, err := b.SaveDraft(t.Context(), b.admin, before, c)
	must(t, err)
	return c, up.Seq
}

// wantImage checks that all was sent, and with the image that is called seq there.
func (b *bench) wantImage(t *testing.T, c models.Campaign, seq int) {
	t.Helper()
	b.wantOnce(t, 3)
	path := fmt.Sprintf("/messages/%s/1", b.batch(t, c).RequestID)
	for _, part := range []string{fmt.Sprintf(`"imageSeq":%d`, seq), `"imageLink":"https://example.com/?n=%EA%B9%80`} {
		if !b.ask(t, http.MethodGet, path, part) {
			t.Errorf("the first message has no %s", part)
		}
	}
}

func (b *bench) launches(t *testing.T, c models.Campaign) {
	t.Helper()
	must(t, b.Launch(t.Context(), b.admin, b.appkey.ID, c.ID, c.Revision), b.PlanCampaign(t.Context(), c.ID))
}

func TestImageIsSentByItsNumber(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second)
	c, seq := b.withImage(t)
	b.launches(t, c)
	b.send(t, c)
	b.wantImage(t, c, seq)
}

// An image that the provider has lost is uploaded again before anything is sent.
func TestLostImageIsUploadedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	for name, launched := range map[string]bool{"before the launch": false, "after it": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			c, seq := b.withImage(t)
			if launched {
				b.launches(t, c)
			}
			b.ask(t, http.MethodDelete, fmt.Sprintf("/images?imageSeq=%d", seq), "")
			b.lists(t)
			if !launched {
				b.launches(t, c)
			}
			b.send(t, c)
			b.wantImage(t, c, seq+1)
		})
	}
}

func TestImageThatCannotBeUploaded(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]struct {
		fault nhnsim.Fault
		state models.CampaignState
	}{
		"not now":     {nhnsim.Fault{Kind: nhnsim.FaultTooMany, Endpoint: "upload image"}, models.CampaignSending},
		"not at all":  {nhnsim.Fault{Kind: nhnsim.FaultCodeBefore, Code: kakao.CodeImageBroken, Endpoint: "upload image"}, models.CampaignPaused},
		"answer lost": {nhnsim.Fault{Kind: nhnsim.FaultDropBefore, Endpoint: "upload image"}, models.CampaignSending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second)
			move := b.movable()
			c, seq := b.withImage(t)
			b.launches(t, c)
			b.ask(t, http.MethodDelete, fmt.Sprintf("/images?imageSeq=%d", seq), "")
			b.lists(t)
			b.sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{s.fault}})
			if err := b.SendBatch(t.Context(), b.batch(t, c).ID); err == nil {
				t.Error("nothing is wrong?")
			}
			c, err := b.DB.Campaign(t.Context(), b.appkey.ID, c.ID)
			must(t, err)
			if batch := b.batch(t, c); c.State != s.state || batch.State != models.BatchPlanned || batch.Calls != 0 {
				t.Errorf("the campaign is %s (%s), its batch %s after %d calls", c.State, c.Hold, batch.State, batch.Calls)
			}
			b.well()
			if c.State == models.CampaignPaused {
				must(t, b.Resume(t.Context(), b.admin, b.appkey.ID, c.ID))
			}
			move(time.Minute)
			b.send(t, c)
			b.wantImage(t, c, seq+1)
		})
	}
}
