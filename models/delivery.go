package models

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"soshik/internal/kakao"
)

// ResultGroup is how the provider groups results: what arrived by KakaoTalk, and what
// did not.
type ResultGroup string

// The groups of results.
const (
	ResultSuccess ResultGroup = "success"
	ResultFailure ResultGroup = "failure" // those reached by SMS too
)

// ResultGroups are all groups.
func ResultGroups() []ResultGroup { return []ResultGroup{ResultSuccess, ResultFailure} }

// parts are the parts whose messages are in the group.
func (g ResultGroup) parts() []Part {
	switch g {
	case ResultSuccess:
		return []Part{PartDelivered}
	case ResultFailure:
		return []Part{PartSMS, PartFailed}
	}
	return nil
}

// DeliveryStatuses are the states that the provider names of messages whose result is
// known.
func DeliveryStatuses() []string {
	return []string{kakao.StatusCompleted, kakao.StatusFailed, kakao.StatusCancelled}
}

func partsOfStatus(status string) []Part {
	switch status {
	case kakao.StatusCompleted:
		return []Part{PartDelivered}
	case kakao.StatusFailed:
		return []Part{PartSMS, PartFailed}
	case kakao.StatusCancelled:
		return []Part{PartCancelled}
	}
	return nil
}

// DeliveryFilter says which messages of an appkey are listed: by what the provider's
// own searches ask for, and by what it does not know. Its zero value leaves nothing
// out.
type DeliveryFilter struct {
	Channel    Channel
	CampaignID int64
	RequestID  string
	// When the provider was to send it, and when it was handed over. What ends a range
	// belongs to it, with all seconds of its minute.
	RequestFrom, RequestTo *time.Time
	CreateFrom, CreateTo   *time.Time
	Phone                  string // digits
	SenderID               int64
	TemplateCode           string
	SenderKey              string // grouping key of a request
	RecipientKey           string // grouping key of a recipient
	Part                   Part
	Status                 string // one of [DeliveryStatuses]
	Group                  ResultGroup
	Code                   string // of the delivery
	CreatedBy              int64  // who launched it
	Before                 int64  // newest first: the id before which to go on; 0: from the newest
}

// Narrow reports whether f leaves anything out, but for where the page begins.
func (f DeliveryFilter) Narrow() bool {
	f.Before = 0
	return f != DeliveryFilter{}
}

// The names of the filters in a URL: the provider's own where it has one.
const (
	inChannel      = "channel"
	inCampaign     = "campaign"
	inRequestID    = "requestId"
	inRequestFrom  = "startRequestDate"
	inRequestTo    = "endRequestDate"
	inCreateFrom   = "startCreateDate"
	inCreateTo     = "endCreateDate"
	inPhone        = "recipientNo"
	inSender       = "sender"
	inTemplate     = "templateCode"
	inSenderKey    = "senderGroupingKey"
	inRecipientKey = "recipientGroupingKey"
	inPart         = "part"
	inStatus       = "messageStatus"
	inGroup        = "resultCode"
	inCode         = "code"
	inCreatedBy    = "createUser"
	inBefore       = "before"
)

// Query is f as it stands in a URL, from which [ParseDeliveryFilter] reads it again.
func (f DeliveryFilter) Query() url.Values {
	q := url.Values{}
	texts := map[string]string{
		inChannel: string(f.Channel), inRequestID: f.RequestID, inPhone: f.Phone, inTemplate: f.TemplateCode, inSenderKey: f.SenderKey,
		inRecipientKey: f.RecipientKey, inPart: string(f.Part), inStatus: f.Status, inGroup: string(f.Group), inCode: f.Code,
	}
	for name, value := range texts {
		if value != "" {
			q.Set(name, value)
		}
	}
	for name, id := range map[string]int64{inCampaign: f.CampaignID, inSender: f.SenderID, inCreatedBy: f.CreatedBy, inBefore: f.Before} {
		if id != 0 {
			q.Set(name, strconv.FormatInt(id, 10))
		}
	}
	times := map[string]*time.Time{inRequestFrom: f.RequestFrom, inRequestTo: f.RequestTo, inCreateFrom: f.CreateFrom, inCreateTo: f.CreateTo}
	for name, t := range times {
		if t != nil {
			q.Set(name, t.In(kakao.KST).Format(inputLayout))
		}
	}
	return q
}

// inputLayout is how a browser writes a date and time.
const inputLayout = "2006-01-02T15:04"

// The most characters of a filter that is typed.
const (
	MaxFilterText = kakao.MaxGroupingKey
	MaxFilterCode = 20 // of a result
)

// ParseDeliveryFilter reads what a URL asks for. What was typed wrongly, or cannot be
// chosen, is said by field, and f is what remains.
func ParseDeliveryFilter(q url.Values) (f DeliveryFilter, err error) {
	in := deliveryQuery{q: q, p: problems{}}
	f = DeliveryFilter{
		Channel: known(in, inChannel, Channels()), CampaignID: in.chosen(inCampaign), RequestID: in.text(inRequestID, MaxFilterText),
		RequestFrom: in.time(inRequestFrom, false), RequestTo: in.time(inRequestTo, true),
		CreateFrom: in.time(inCreateFrom, false), CreateTo: in.time(inCreateTo, true),
		Phone: in.phone(inPhone), SenderID: in.chosen(inSender), TemplateCode: in.text(inTemplate, MaxFilterText),
		SenderKey: in.text(inSenderKey, MaxFilterText), RecipientKey: in.text(inRecipientKey, MaxFilterText),
		Part: known(in, inPart, Parts()), Status: known(in, inStatus, DeliveryStatuses()),
		Group: known(in, inGroup, ResultGroups()), Code: in.text(inCode, MaxFilterCode), CreatedBy: in.chosen(inCreatedBy), Before: in.id(inBefore),
	}
	in.order(inRequestTo, f.RequestFrom, f.RequestTo)
	in.order(inCreateTo, f.CreateFrom, f.CreateTo)
	return f, in.p.err()
}

// known is one of all that can be chosen, or nothing.
func known[T ~string](in deliveryQuery, name string, all []T) T {
	chosen := T(in.typed(name))
	if slices.Contains(all, chosen) {
		return chosen
	}
	if chosen != "" {
		in.p.add(name, "field.choose")
	}
	return ""
}

// deliveryQuery is a URL's query that is being read.
type deliveryQuery struct {
	q url.Values
	p problems
}

// typed is what stands in a field, without stray space and what nobody sees.
func (in deliveryQuery) typed(name string) string { return FilterTyped(in.q, name) }

// FilterTyped is what was typed in a filter, as the form shows it again: without stray
// space, and without characters that no database takes and nobody sees.
func FilterTyped(q url.Values, name string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(q.Get(name), "")))
}

func (in deliveryQuery) text(name string, most int) string {
	typed := in.typed(name)
	if utf8.RuneCountInString(typed) > most {
		in.p.add(name, "field.too_long", "Max", most)
		return ""
	}
	return typed
}

// id is a number that stands in links; anything else is none.
func (in deliveryQuery) id(name string) int64 {
	id, err := strconv.ParseInt(in.typed(name), 10, 64)
	if err != nil || id < 0 {
		return 0
	}
	return id
}

// chosen is the id of something that can be chosen.
func (in deliveryQuery) chosen(name string) int64 {
	id := in.id(name)
	if id == 0 && in.typed(name) != "" {
		in.p.add(name, "field.choose")
	}
	return id
}

func (in deliveryQuery) phone(name string) string {
	typed := in.typed(name)
	if typed == "" {
		return ""
	}
	phone, _, reason := kakao.NormalizePhone(typed)
	if reason != "" {
		in.p.add(name, "import.reason."+string(reason))
	}
	return phone
}

// time reads a date and time in Korea. A date alone is its first minute, or its last.
func (in deliveryQuery) time(name string, last bool) *time.Time {
	typed := in.typed(name)
	if typed == "" {
		return nil
	}
	t, err := kakao.ParseDate(typed)
	if err != nil {
		if t, err = time.ParseInLocation(time.DateOnly, typed, kakao.KST); err == nil && last {
			t = t.AddDate(0, 0, 1).Add(-time.Minute)
		}
	}
	if err != nil {
		in.p.add(name, "delivery.bad_date")
		return nil
	}
	t = t.Truncate(time.Minute).UTC()
	return &t
}

func (in deliveryQuery) order(name string, from, to *time.Time) {
	if from != nil && to != nil && to.Before(*from) {
		in.p.add(name, "delivery.ends_before")
	}
}

// parts are the parts that f lets through; nil: all. none is true where it asks for
// what excludes each other.
func (f DeliveryFilter) parts() (parts []Part, none bool) {
	for _, wanted := range [][]Part{partsOf(f.Part), partsOfStatus(f.Status), f.Group.parts()} {
		switch {
		case wanted == nil:
		case parts == nil:
			parts = wanted
		default:
			parts = slices.DeleteFunc(slices.Clone(parts), func(p Part) bool { return !slices.Contains(wanted, p) })
			none = none || len(parts) == 0
		}
	}
	return parts, none || f.Part == PartUnplanned
}

func partsOf(p Part) []Part {
	if p == "" {
		return nil
	}
	return []Part{p}
}

// Delivery is a message as a search over all campaigns shows it.
type Delivery struct {
	ListedMessage

	CampaignName string
	Test         bool
	Channel      Channel
	SenderID     int64
	TemplateCode string
	LaunchedBy   int64
	RequestID    string // empty: the provider has not accepted it
	HandedAt     *time.Time
	Seq          int        // place in the request, from 1; 0: it is not known
	SendAt       *time.Time // when the provider is to send it; nil: at once
}

// DeliveryPage is a part of what a search finds.
type DeliveryPage struct {
	Deliveries []Delivery // the newest id first
	Next       int64      // the id before which to go on; 0: there is nothing more
}

// GoesOn reports whether the search has ended early, since it would have taken too long:
// with fewer deliveries than asked for, perhaps none, and nobody knows yet whether there
// are more.
func (p DeliveryPage) GoesOn(limit int) bool { return p.Next > 0 && len(p.Deliveries) < limit }
