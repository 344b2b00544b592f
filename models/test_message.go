package models

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"soshik/internal/kakao"
)

// How much may be sent as a test. Tests are for a handful of people of one's own, and
// count against the daily maximum of the sender: what is more than this is a campaign,
// or a mistake.
const (
	// MaxTests is how many tests a person may send in TestWindow: one a minute is as
	// fast as a message can be read and mended.
	MaxTests   = 10
	TestWindow = 10 * time.Minute
	// MaxTestMessages is how many test messages a team may send in a day of Korea:
	// five tests to as many numbers as there may be.
	MaxTestMessages = 5 * MaxTestNumbers
	// MaxTestValue is how long the value of a variable may be, in characters: no
	// message that holds it could be longer.
	MaxTestValue = kakao.MaxContent
)

// NewTest is what is filled in to send a test message.
type NewTest struct {
	Token    string            // names the form, which begins one test at most
	Revision int               // of the content that was shown; of a template, its version
	SenderID int64             // of a template that has none; 0: none was chosen
	Numbers  []int64           // ids of test numbers
	Values   map[string]string // of the variables, the same for everybody
}

// NewFormToken is a [NewTest.Token] that no form has had.
func NewFormToken() string { return ulid.Make().String() }

// TestValueField is the form field of the value of the variable at place i of
// [Content.Names].
func TestValueField(i int) string { return fmt.Sprintf("value-%d", i) }

// Check finds what is wrong with the form of a test of the given message.
func (in NewTest) Check(ch Channel, c Content, f Fallback) error {
	p := problems{}
	if _, err := ulid.ParseStrict(in.Token); err != nil {
		p.add("numbers", "test_message.form")
	}
	if len(in.Numbers) == 0 {
		p.add("numbers", "test_message.choose")
	}
	if err := in.checkValues(ch, c, f, p); err != nil {
		return err
	}
	return p.err()
}

// checkValues finds the variables whose lack of a value leaves everybody out, and
// values that make the message too long. What stands in for a lack depends on the
// channel.
func (in NewTest) checkValues(ch Channel, c Content, f Fallback, p problems) error {
	composer, names := NewComposer(ch, c, f), c.Names(f)
	for i, name := range names {
		values := map[string]string{}
		for _, other := range names {
			values[other] = "x"
		}
		values[name] = in.Values[name]
		_, skip, err := composer.Compose(VarsJSON(values))
		if err != nil {
			return err
		}
		if skip == SkipNoValue {
			p.add(TestValueField(i), "test_message.value")
		}
	}
	_, skip, err := composer.Compose(VarsJSON(in.Values))
	if err == nil && skip == SkipTooLong {
		p.add("values", "test_message.too_long")
	}
	return err
}

// TestUse is how much has been sent as tests.
type TestUse struct {
	Messages int64     // of the team today, in Korea
	Until    time.Time // the person may send no more before; zero: they may now
}

// TestUse counts what userID has sent as tests of the team, and what the team has, up
// to now.
func (db *DB) TestUse(ctx context.Context, teamID, userID int64, now time.Time) (u TestUse, err error) {
	var times []time.Time
	err = db.read(ctx).Model(&Campaign{}).Where("test AND team_id = ? AND launched_by = ? AND created_at > ?", teamID, userID, now.Add(-TestWindow).UTC()).
		Order("created_at DESC").Limit(MaxTests).Pluck("created_at", &times).Error
	if err != nil {
		return u, err
	}
	if len(times) == MaxTests {
		u.Until = times[MaxTests-1].Add(TestWindow)
	}
	y, m, d := now.In(kakao.KST).Date()
	err = db.read(ctx).Model(&Campaign{}).Where("test AND team_id = ? AND created_at >= ?", teamID, time.Date(y, m, d, 0, 0, 0, 0, kakao.KST).UTC()).
		Select("COALESCE(SUM(audience), 0)").Scan(&u.Messages).Error
	return u, err
}

// Allows is nil if n test messages more may be sent, else a [Throttled] error that
// says when they may.
func (u TestUse) Allows(n int) error {
	left := MaxTestMessages - u.Messages
	switch {
	case !u.Until.IsZero():
		return Errorf(Throttled, "test_message.too_often", "Max", MaxTests, "Minutes", int(TestWindow/time.Minute), "Time", u.Until)
	case left <= 0:
		return Errorf(Throttled, "test_message.day_full", "Max", MaxTestMessages)
	case int64(n) > left:
		return Errorf(Throttled, "test_message.day_left", "Max", MaxTestMessages, "Count", left)
	}
	return nil
}

// Tests are the tests of an appkey, the newest first, before the one with id before
// (0: from the newest on).
func (db *DB) Tests(ctx context.Context, appkeyID, before int64, limit int) ([]Campaign, error) {
	return campaignsBefore(db.read(ctx).Where("appkey_id = ? AND test", appkeyID), before, limit)
}

// TestsOf are the tests of a campaign, the newest first.
func (db *DB) TestsOf(ctx context.Context, c Campaign, limit int) ([]Campaign, error) {
	return campaignsBefore(db.read(ctx).Where("test AND original_id = ?", c.ID), 0, limit)
}

// TestsOfTemplate are the tests of a template under an appkey, the newest first.
func (db *DB) TestsOfTemplate(ctx context.Context, appkeyID, templateID int64, limit int) ([]Campaign, error) {
	q := db.read(ctx).Where("test AND template_id = ? AND template_id <> 0 AND appkey_id = ?", templateID, appkeyID)
	return campaignsBefore(q, 0, limit)
}

// TestByToken is the test that the form token has begun, if it has begun one.
func (db *DB) TestByToken(ctx context.Context, teamID int64, token string) (c Campaign, found bool, err error) {
	var cs []Campaign
	err = db.read(ctx).Where("form_token = ? AND form_token <> '' AND team_id = ?", token, teamID).Find(&cs).Error
	if err != nil || len(cs) == 0 {
		return c, false, err
	}
	return cs[0], true, nil
}

// TestValues are the values that a test was sent with.
func (db *DB) TestValues(ctx context.Context, test Campaign) (map[string]string, error) {
	rs, err := db.RecipientsAfter(ctx, test.AudienceID, "", 1)
	if err != nil || len(rs) == 0 {
		return nil, err
	}
	return ParseVars(rs[0].Vars)
}

// TestMessage is what has become of a test at one number.
type TestMessage struct {
	ListedMessage

	Name string // whose number it is; empty if it is no test number any more
}

// TestMessages are what has become of a test, by name.
func (db *DB) TestMessages(ctx context.Context, test Campaign) ([]TestMessage, error) {
	rs, err := db.RecipientsAfter(ctx, test.AudienceID, "", MaxTestNumbers)
	if err != nil {
		return nil, err
	}
	numbers, err := db.TestNumbers(ctx, test.TeamID)
	if err != nil {
		return nil, err
	}
	planned, err := db.Messages(ctx, test.ID, MessageFilter{}, MaxTestNumbers)
	if err != nil {
		return nil, err
	}
	found := make([]TestMessage, 0, len(rs))
	for _, r := range rs {
		m := TestMessage{ListedMessage: ListedMessage{Message: Message{Phone: r.Phone}, Part: PartUnplanned}}
		if i := slices.IndexFunc(planned, func(l ListedMessage) bool { return l.Phone == r.Phone }); i >= 0 {
			m.ListedMessage = planned[i]
		}
		if i := slices.IndexFunc(numbers, func(n TestNumber) bool { return n.Phone == r.Phone }); i >= 0 {
			m.Name = numbers[i].Name
		}
		found = append(found, m)
	}
	slices.SortFunc(found, func(a, b TestMessage) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Phone, b.Phone))
	})
	return found, nil
}
