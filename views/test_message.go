package views

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"soshik/models"
)

// TestOf is what a test is of: a campaign that is being composed, or a template.
type TestOf struct {
	Name     string
	Path     string      // where it is tried out
	Back     string      // where one comes from, and goes back to
	BackText models.Text // what that is called
	Revision int         // of a campaign; of a template, its version
	mend     func(f models.Finding) (path, text string)
}

// TestOfCampaign is a test of the draft c; from is the step that one comes from.
func TestOfCampaign(p Page, c models.Campaign, from string) TestOf {
	return TestOf{
		Name: campaignName(p, c), Path: TestPath(c, from), Back: StepPath(c, from),
		BackText: models.T("test_message.back", "Step", p.T("step."+from)), Revision: c.Revision,
		mend: func(f models.Finding) (path, text string) {
			return mendPath(c, f), p.T("compose.mend", "Step", p.T("step."+f.Step))
		},
	}
}

// TestOfTemplate is a test of what t says now.
func TestOfTemplate(p Page, t models.Template) TestOf {
	back := TemplatePath(p.Appkey.ID, t.ID)
	return TestOf{
		Name: t.Name, Path: TestTemplatePath(p.Appkey.ID, t.ID), Back: back, BackText: models.T("test_message.back_template"), Revision: t.Version,
		mend: func(f models.Finding) (path, text string) {
			return strings.TrimSuffix(back+"#"+f.Field, "#"), p.T("test_message.mend_template")
		},
	}
}

// SentPath is what has become of a test.
func (of TestOf) SentPath(test models.Campaign) string {
	separator := "?"
	if strings.Contains(of.Path, "?") {
		separator = "&"
	}
	return fmt.Sprintf("%s%ssent=%d", of.Path, separator, test.ID)
}

// TestPath is where the message of the draft c is tried out; from is the step that one
// comes from and goes back to.
func TestPath(c models.Campaign, from string) string { return StepPath(c, "test") + "?from=" + from }

// TestTemplatePath is where a template is tried out.
func TestTemplatePath(appkeyID, templateID int64) string {
	return TemplatePath(appkeyID, templateID) + "/test"
}

// TestsPath lists the tests of an appkey.
func TestsPath(appkeyID int64) string { return CampaignsPath(appkeyID) + "?tests=1" }

// original is the campaign or the template that a test is of.
func original(test models.Campaign) (path, key string) {
	if test.OriginalID == 0 {
		return TemplatePath(test.AppkeyID, test.TemplateID), "test_message.original_template"
	}
	return CampaignPath(models.Campaign{ID: test.OriginalID, AppkeyID: test.AppkeyID}), "test_message.original"
}

// TestForm is where a message is sent to the team's test numbers.
type TestForm struct {
	Of      TestOf
	Senders []models.Sender // to choose from; none where the sender is certain
	Now     time.Time
	Report  models.Report // of the message
	Numbers []models.TestNumber
	In      models.NewTest
	Row     int64 // of the recipients, from 1, whose values are offered
	Rows    int64
	Use     models.TestUse
	Morning time.Time // when it goes out; zero: at once
	Preview Preview
	Earlier []models.Campaign // tests of the same message
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
	Of       TestOf
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
