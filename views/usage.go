package views

import (
	"net/url"
	"strconv"
	"time"

	"soshik/internal/locale"
	"soshik/models"
)

// UsagePath is what a team has sent, month by month.
func UsagePath(teamID int64) string { return TeamPath(teamID) + "/usage" }

// AppkeyUsagePath is what an appkey of it has sent.
func AppkeyUsagePath(appkeyID int64) string { return AppkeyPath(appkeyID) + "/usage" }

// UsageView is what a team, or one of its appkeys, has sent in a month.
type UsageView struct {
	Month     time.Time // its first moment in Korea
	This      time.Time // the month of now
	AppkeyID  int64     // 0: all of the team
	Prices    models.Prices
	Lines     []models.SenderUsageLine
	Campaigns []models.CampaignUsage
	Before    int64 // the campaign before which the list begins; 0: with the newest
	Next      int64 // the campaign before which the next page begins; 0: there is none
	Names     map[int64]string
}

// total adds up what is counted.
func (v UsageView) total() (sum models.DayCounts) {
	for _, l := range v.Lines {
		sum.Add(l.DayCounts)
	}
	return sum
}

// bill is what all of it costs.
func (v UsageView) bill() (b models.Bill) {
	for _, l := range v.Lines {
		b.Add(l.Channel, l.DayCounts, v.Prices)
	}
	return b
}

// appkeys are the lines, appkey by appkey.
func (v UsageView) appkeys() (groups [][]models.SenderUsageLine) {
	for i, l := range v.Lines {
		if i == 0 || l.AppkeyID != v.Lines[i-1].AppkeyID {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], l)
	}
	return groups
}

// unsized reports whether it is not known of some messages what they were.
func (v UsageView) unsized() int64 { return v.total().Unsized }

func (v UsageView) base(p Page) string {
	if v.AppkeyID != 0 {
		return AppkeyUsagePath(v.AppkeyID)
	}
	return UsagePath(p.Team.ID)
}

// path is the page of a month.
func (v UsageView) path(p Page, month time.Time) string {
	return v.base(p) + "?" + monthQuery(month).Encode()
}

// file is the month as a file.
func (v UsageView) file(p Page) string { return v.base(p) + ".csv?" + monthQuery(v.Month).Encode() }

// from is the list of campaigns that begins before the one with the id.
func (v UsageView) from(p Page, before int64) string {
	q := monthQuery(v.Month)
	if before > 0 {
		q.Set("before", strconv.FormatInt(before, 10))
	}
	return v.base(p) + "?" + q.Encode() + "#campaigns"
}

func monthQuery(month time.Time) url.Values { return url.Values{"month": {month.Format("2006-01")}} }

// title names the month.
func (v UsageView) title(p Page) string {
	return p.T("calendar.month", "Year", v.Month.Format("2006"), "Month", p.T("calendar.month."+v.Month.Format("1")))
}

// lineCost is what a line costs, or a dash where a price that it takes is missing.
func lineCost(p Page, ch models.Channel, c models.DayCounts, prices models.Prices) string {
	sum, whole := models.BillOf(ch, c, prices).Sum()
	switch {
	case whole:
		return money(p, sum)
	case sum > 0:
		return p.T("usage.at_least", "Amount", money(p, sum))
	}
	return "–"
}

// UsageHeader is the first line of the file of a month.
func UsageHeader(l *locale.Locale) []string {
	var header []string
	for _, key := range []string{
		"month", "appkey", "sender", "channel", "campaign", "campaign_id", "test", "fallback", "handed", "delivered", "sms", "lms", "unsized",
		"failed", "refused", "cancelled", "closed", "cost",
	} {
		header = append(header, l.T("usage.file."+key))
	}
	return header
}

// UsageFields are a line of that file: a campaign. What it costs is empty where a price is
// missing.
func UsageFields(l *locale.Locale, v UsageView, u models.CampaignUsage) []string {
	cost := ""
	if sum, whole := models.BillOf(u.Channel, u.DayCounts, v.Prices).Sum(); whole {
		cost = sum.Decimal()
	}
	test := ""
	if u.Test {
		test = l.T("test_message.badge")
	}
	fields := []string{
		v.Month.Format("2006-01"), v.Names[u.AppkeyID], u.Sender, l.T("channel." + string(u.Channel)), u.Name, strconv.FormatInt(u.Campaign.ID, 10), test,
		fallbackKind(l, u.Fallback),
	}
	for _, n := range []int64{u.Handed, u.Delivered, u.Short(), u.LMS, u.Unsized, u.Failed - u.SMS, u.Refused, u.Cancelled, u.Closed} {
		fields = append(fields, strconv.FormatInt(n, 10))
	}
	return append(fields, cost)
}

// fallbackKind is what goes out when a message fails.
func fallbackKind(l *locale.Locale, f models.Fallback) string {
	switch {
	case !f.On:
		return l.T("usage.fallback.none")
	case f.Type == "":
		return l.T("usage.fallback.by_length")
	}
	return f.Type
}

func usagePretitle(p Page, v UsageView) string {
	if v.AppkeyID == 0 {
		return p.Team.Name
	}
	return p.Appkey.Name
}
