package views

import (
	"fmt"
	"strconv"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/locale"
	"soshik/models"
)

// ExportsPath lists the exports of an appkey.
func ExportsPath(appkeyID int64) string { return AppkeyPath(appkeyID) + "/exports" }

// ExportPath is the page of an export.
func ExportPath(e models.Export) string { return fmt.Sprintf("%s/%d", ExportsPath(e.AppkeyID), e.ID) }

// newExportPath asks for an export of what a search finds, wherever its page begins.
func newExportPath(appkeyID int64, query string) string {
	if query == "" {
		return ExportsPath(appkeyID)
	}
	return ExportsPath(appkeyID) + "?" + query
}

func wholeSearch(f models.DeliveryFilter) string {
	f.Before = 0
	return f.Query().Encode()
}

// messagesSearch is the search that finds the same messages as a campaign's list.
func messagesSearch(c models.Campaign, f models.MessageFilter) models.DeliveryFilter {
	return models.DeliveryFilter{CampaignID: c.ID, Part: f.Part, Code: f.Code, Phone: f.Phone}
}

// ExportView is an export as its page and the list show it.
type ExportView struct {
	models.Export

	By     string // who has asked for it
	Search models.DeliveryFilter
	Names  models.DeliveryNames
	Now    time.Time
}

// ExportList is exports of an appkey.
type ExportList struct {
	Exports []ExportView
	Before  int64 // where the page begins; 0: with the newest
	Next    int64 // where the next page begins; 0: there is none
}

func (l ExportList) next(p Page) string {
	return ExportsPath(p.Appkey.ID) + "?before=" + strconv.FormatInt(l.Next, 10)
}

// running reports whether it is being written.
func (v ExportView) running() bool { return v.State == models.ExportRunning }

// state is where the export stands; a file whose time is over is gone, though nobody may
// have noticed yet.
func (v ExportView) state() models.ExportState {
	if v.State == models.ExportDone && !v.Ready(v.Now) {
		return models.ExportExpired
	}
	return v.State
}

func (v ExportView) color() string {
	switch v.state() {
	case models.ExportRunning:
		return "blue"
	case models.ExportDone:
		return "green"
	case models.ExportFailed:
		return "red"
	case models.ExportStopped, models.ExportExpired:
		return "secondary"
	}
	panic(fmt.Errorf("no export state %q", v.State))
}

// may reports whether the person may download the file.
func (v ExportView) may(p Page) bool { return v.For(p.Actor) == nil }

// fileless reports whether it has ended without ever having had a file: what had been
// written is nobody's.
func (v ExportView) fileless() bool {
	return v.State == models.ExportFailed || v.State == models.ExportStopped
}

// rows is how many messages are in the file, or will be.
func (v ExportView) rows(p Page) string {
	if v.fileless() {
		return "–"
	}
	return p.Number(v.Rows)
}

// count is how many messages have been written, and of how many, if that is known; empty
// where they are not in any file.
func (v ExportView) count(p Page) string {
	if v.fileless() {
		return ""
	}
	if v.running() && v.Total > 0 {
		return p.T("export.count_of", "Count", v.Rows, "All", max(v.Total, v.Rows))
	}
	return p.T("export.count", "Count", v.Rows)
}

// exportDays is for how many days files are kept.
const exportDays = int64(models.KeepExports / (24 * time.Hour))

// ExportFileName is what the file of an export is called.
func ExportFileName(e models.Export) string {
	return "deliveries-" + e.CreatedAt.In(kakao.KST).Format("20060102-1504") + "." + string(e.Format)
}

// searched is a condition of a search, in words.
type searched struct{ label, value string }

// search is what the export was asked for, condition by condition.
func (v ExportView) search(p Page) []searched {
	f, n := v.Search, v.Names
	phone := kakao.FormatPhone(f.Phone)
	if !p.Actor.Can(models.ViewNumbers) {
		phone = kakao.MaskPhone(f.Phone)
	}
	var all []searched
	add := func(label, value string) {
		if value != "" {
			all = append(all, searched{p.T(label), value})
		}
	}
	named := func(label string, id int64, name string) {
		if id != 0 && name == "" {
			name = p.T("delivery.gone", "ID", strconv.FormatInt(id, 10))
		}
		add(label, name)
	}
	word := func(label, prefix, value string) {
		if value != "" {
			add(label, p.T(prefix+value))
		}
	}
	named("delivery.campaign", f.CampaignID, n.Campaign)
	add("progress.phone", phone)
	word("progress.state", "progress.part.", string(f.Part))
	add("delivery.handed_from", inputTime(p, f.CreateFrom))
	add("delivery.handed_to", inputTime(p, f.CreateTo))
	add("delivery.sent_from", inputTime(p, f.RequestFrom))
	add("delivery.sent_to", inputTime(p, f.RequestTo))
	word("delivery.channel", "channel.", string(f.Channel))
	named("delivery.sender", f.SenderID, n.Sender)
	add("delivery.template", f.TemplateCode)
	named("delivery.creator", f.CreatedBy, n.Creator)
	word("delivery.group", "delivery.group.", string(f.Group))
	add("delivery.code", f.Code)
	word("delivery.status", "delivery.status.", f.Status)
	add("delivery.request", f.RequestID)
	add("delivery.sender_key", f.SenderKey)
	add("delivery.recipient_key", f.RecipientKey)
	return all
}

func inputTime(p Page, t *time.Time) string {
	if t == nil {
		return ""
	}
	return p.Time(*t)
}

// ExportWords are what exports say in a language.
func ExportWords(l *locale.Locale) models.ExportWords {
	p := Page{Locale: l}
	columns := []string{
		"requested", "handed", "done", "campaign", "channel", "sender", "template", "phone", "state", "code", "meaning", "sms", "sms_code", "sms_meaning",
		"request", "sequence", "creator",
	}
	header := make([]string, len(columns))
	for i, name := range columns {
		header[i] = p.T("export.column." + name)
	}
	return models.ExportWords{
		Header: header, Sheet: p.T("nav.deliveries"), Erased: p.T("personal.erased"), Test: " (" + p.T("test_message.badge") + ")",
		Channel: func(ch models.Channel) string { return p.T("channel." + string(ch)) },
		Part:    func(part models.Part) string { return partName(p, part) },
		Code: func(code string) string {
			if ours(code) {
				return ""
			}
			return code
		},
		Meaning: func(code string) string { return codeMeaning(p, code) },
		SMS:     func(s models.FallbackState) string { return fallbackState(p, s) },
		SMSCode: func(m models.ListedMessage) string { return smsMeaning(p, m) },
	}
}
