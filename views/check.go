package views

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"soshik/internal/kakao"
	"soshik/internal/locale"
	"soshik/models"
)

// CheckStep is the last step, from which the campaign is launched.
type CheckStep struct {
	Campaign models.Campaign
	Check    models.Check  // zero: there was none yet
	Stale    bool          // it is done, and too old for a launch
	Report   models.Report // of a check that is done
	Course   models.Course // how it is spread over time
	Prices   models.Prices
	Preview  Preview
	Ask      AskStep
}

// Running reports whether the check is under way.
func (s CheckStep) Running() bool { return s.Check.State == models.CheckRunning }

// Done reports whether the check has a report.
func (s CheckStep) Done() bool { return s.Check.State == models.CheckDone }

// percent is how far the check has come.
func (s CheckStep) percent() int {
	if s.Check.Total == 0 {
		return 0
	}
	return int(min(s.Check.Done*100/s.Check.Total, 100))
}

// launchText says what the button that launches does.
func (s CheckStep) launchText() models.Text {
	if s.Campaign.ScheduledAt != nil {
		return models.T("compose.launch_at", "Time", *s.Campaign.ScheduledAt)
	}
	if !s.Done() || s.Report.Blocked() {
		return models.T("compose.launch_now_blocked")
	}
	return models.T("compose.launch_now", "Count", s.Report.Sendable)
}

// cost is what the campaign costs; known is false while the team has not said what it
// pays.
func (s CheckStep) cost() (cost models.Cost, known bool) {
	return s.Report.Cost(s.Campaign.Channel, s.Prices)
}

// findingLabel names the field that a finding is about, "" if it is about none.
func findingLabel(p Page, f models.Finding) string {
	if rest, ok := strings.CutPrefix(f.Field, "button-"); ok {
		n, _, _ := strings.Cut(rest, "-")
		i, _ := strconv.Atoi(n)
		return p.T("compose.button_n", "Number", i+1)
	}
	return map[string]string{
		"message/name": p.T("campaigns.name"), "message/sender": p.T("compose.sender"), "message/text": p.T("compose.text"),
		"fallback/text": p.T("compose.fallback_text"), "fallback/title": p.T("compose.fallback_title"),
	}[f.Step+"/"+f.Field]
}

// mendPath leads to where a finding is mended, "" where nothing can be.
func mendPath(c models.Campaign, f models.Finding) string {
	if c.State.Frozen() {
		return ""
	}
	path := StepPath(c, f.Step)
	switch f.Field {
	case "", "scheduled_at":
		return path
	}
	return path + "#" + f.Field
}

// mendText is what the way to where a finding is mended is called.
func mendText(p Page, f models.Finding) string {
	if f.Rule == models.RuleDailyMax {
		return p.T("check.spread")
	}
	return p.T("compose.mend", "Step", p.T("step."+f.Step))
}

// CheckRowsPath is the recipients behind a finding.
func CheckRowsPath(c models.Campaign, rows string) string {
	return StepPath(c, "check") + "/" + url.PathEscape(rows)
}

// CheckRowsList are recipients behind a finding.
type CheckRowsList struct {
	Campaign models.Campaign
	Finding  models.Finding
	Rows     []models.CheckRow
	After    int64 // position before the first row
	Next     int64 // where the next page begins; 0: there is none
}

// cut reports whether only the first recipients are kept.
func (l CheckRowsList) cut() bool { return l.Finding.Count > models.KeptRows }

func (l CheckRowsList) path(after int64) string {
	if after == 0 {
		return CheckRowsPath(l.Campaign, l.Finding.Rows)
	}
	return fmt.Sprintf("%s?after=%d", CheckRowsPath(l.Campaign, l.Finding.Rows), after)
}

// valued reports whether the rows say more than that they are concerned.
func (l CheckRowsList) valued() bool {
	switch l.Finding.Rows {
	case models.RowSuppressed, models.RowWeekly:
		return false
	}
	return l.Finding.Rule != models.RuleRepeat
}

// valueKey is what stands in the column of values.
func (l CheckRowsList) valueKey() string {
	return "check.value." + cmp.Or(map[string]string{
		models.RowNoValue: "variables", models.RowTextLong: "length", models.RowLinkLong: "length", models.RowLinkWrong: "link",
		models.RowSMSLong: "bytes", models.RowSMSCut: "bytes", models.RowSMSCharacters: "characters",
	}[l.Finding.Rows], "length")
}

// CheckRowsHeader is the first line of the file of recipients behind a finding.
func CheckRowsHeader(l *locale.Locale, list CheckRowsList) []string {
	header := []string{l.T("check.position"), l.T("check.phone")}
	if list.valued() {
		header = append(header, l.T(list.valueKey()))
	}
	return header
}

// CheckRowFields are a line of that file.
func CheckRowFields(list CheckRowsList, row models.CheckRow) []string {
	fields := []string{strconv.FormatInt(row.Position, 10), kakao.FormatPhone(row.Phone)}
	if list.valued() {
		fields = append(fields, row.Value)
	}
	return fields
}

// money is an amount in won.
func money(p Page, m models.Milliwon) string {
	whole, decimals, _ := strings.Cut(m.Decimal(), ".")
	n, _ := strconv.ParseInt(whole, 10, 64)
	amount := p.Number(n)
	if decimals != "" {
		amount += "." + decimals
	}
	return p.T("price.won", "Amount", amount)
}
