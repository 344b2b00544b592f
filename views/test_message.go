package views

import (
	"fmt"
	"slices"
	"time"

	"soshik/models"
)

// TestPath is where the message of the draft c is tried out; from is the step that one
// comes from and goes back to.
func TestPath(c models.Campaign, from string) string { return StepPath(c, "test") + "?from=" + from }

// TestSentPath is what has become of a test of c.
func TestSentPath(c, test models.Campaign, from string) string {
	return fmt.Sprintf("%s&sent=%d", TestPath(c, from), test.ID)
}

// TestsPath lists the tests of an appkey.
func TestsPath(appkeyID int64) string { return CampaignsPath(appkeyID) + "?tests=1" }

// originalPath is the campaign that a test tries out.
func originalPath(test models.Campaign) string {
	return CampaignPath(models.Campaign{ID: test.OriginalID, AppkeyID: test.AppkeyID})
}

// TestForm is where a message is sent to the team's test numbers.
type TestForm struct {
	Campaign models.Campaign // whose message it is
	From     string          // the step that one comes from
	Report   models.Report   // of the message
	Numbers  []models.TestNumber
	In       models.NewTest
	Row      int64 // of the recipients, from 1, whose values are offered
	Rows     int64
	Use      models.TestUse
	Morning  time.Time // when it goes out; zero: at once
	Preview  Preview
	Earlier  []models.Campaign // tests of the same message
}

// ready reports whether a test could be sent.
func (v TestForm) ready() bool { return !v.Report.Blocked() && len(v.Numbers) > 0 }

func (v TestForm) chosen(n models.TestNumber) bool { return slices.Contains(v.In.Numbers, n.ID) }

// findings are what is wrong with the message, and what should be looked at.
func (v TestForm) findings() []models.Finding {
	return append(v.Report.Of(models.Blocking), v.Report.Of(models.Warning)...)
}

// limits says how much may be sent, and how much has been.
func (v TestForm) limits(p Page) string {
	return p.T("test_message.limits", "Times", models.MaxTests, "Minutes", int(models.TestWindow/time.Minute),
		"Max", models.MaxTestMessages, "Sent", v.Use.Messages)
}

// TestSent is what has become of a test so far.
type TestSent struct {
	Campaign models.Campaign // that it is a test of
	From     string          // the step that one comes from
	Test     models.Campaign
	Messages []models.TestMessage
	Morning  time.Time // when it goes out; zero: at once
	Preview  Preview
}

// Live reports whether the page can still change by itself.
func (v TestSent) Live() bool { return !v.Test.State.Over() }

// waits reports whether it goes out in the morning.
func (v TestSent) waits() bool {
	return v.Live() && !v.Morning.IsZero() && !slices.ContainsFunc(v.Messages, func(m models.TestMessage) bool {
		return m.Part != models.PartUnplanned && m.Part != models.PartPlanned
	})
}

// Refresh is after how many seconds the page is asked for anew; 0: never.
func (v TestSent) Refresh() int {
	switch {
	case !v.Live():
		return 0
	case v.waits():
		return refreshWaiting
	}
	return refreshSending
}

// How soon there may be something new of a test: while it is sent, and while it waits
// for the morning. In seconds.
const (
	refreshSending = 2
	refreshWaiting = 60
)

// testMeaning is why a message did not arrive by KakaoTalk, in words.
func testMeaning(p Page, m models.TestMessage) string {
	if m.Code == "" || m.Part == models.PartDelivered || m.Part == models.PartCancelled {
		return ""
	}
	return codeMeaning(p, m.Code)
}
