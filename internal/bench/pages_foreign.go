package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// foreignAtOnce is how many messages of others are written with one statement.
const foreignAtOnce = 100_000

// foreignSender is the n-th of those in whose names others send.
func foreignSender(n int) string { return fmt.Sprintf("@elsewhere%d", n) }

func foreignRequest(n int) string { return fmt.Sprintf("20260801F%029d", n) }

// foreignSent is when the i-th message of others was sent, in milliseconds since 1970:
// all of a request at once, and no request with another.
func (l *library) foreignSent(i int64) int64 {
	requests := int64(max(l.cfg.Foreign/batchSize, 1))
	return l.began.UnixMilli() + (i-1)/batchSize*(handedDays*24*time.Hour.Milliseconds()/requests)
}

// foreignAfter is the place behind which a page of messages of others begins; empty: the
// newest.
func (l *library) foreignAfter(f models.DeliveryFilter) string {
	if f.Before == 0 {
		return ""
	}
	return fmt.Sprintf("%d.%d", l.foreignSent(f.Before), f.Before)
}

// fillForeign writes messages of others, unless they are there.
func (l *library) fillForeign(ctx context.Context) error {
	if l.cfg.Foreign == 0 {
		return nil
	}
	for n := range senders {
		s := models.Sender{AppkeyID: l.appkey.ID, PlusFriendID: foreignSender(n), Status: kakao.SenderWaiting}
		if err := l.app.DB.PutWaitingSender(ctx, &s); err != nil {
			return err
		}
		l.foreignSenders = append(l.foreignSenders, s.ID)
	}
	var there int64
	if err := l.app.DB.SQL().QueryRowContext(ctx, "SELECT COALESCE(MAX(id), 0) FROM foreign_messages").Scan(&there); err != nil {
		return err
	}
	began, all := time.Now(), int64(l.cfg.Foreign)
	if there >= all {
		return nil
	}
	step := l.foreignSent(batchSize+1) - l.foreignSent(1)
	for from := there; from < all; from += foreignAtOnce {
		_, err := l.app.DB.SQL().ExecContext(ctx, foreignSQL(l.app.DB.Dialect()), min(foreignAtOnce, all-from), from, l.appkey.ID, l.began.UnixMilli(), step, time.Now().UTC())
		if err != nil {
			return fmt.Errorf("write messages of others: %w", err)
		}
	}
	if l.app.DB.Dialect() == models.Postgres { // as autovacuum does in time
		if _, err := l.app.DB.SQL().ExecContext(ctx, "VACUUM ANALYZE foreign_messages"); err != nil {
			return err
		}
	}
	l.print("write those of others", time.Since(began), int(all-there))
	return nil
}

// foreignSQL writes $1 messages of others after the $2-th of the appkey $3, in requests
// of 1,000, one every $5 milliseconds since $4. $6 is now.
func foreignSQL(dialect string) string {
	numbers, phone := "WITH RECURSIVE n (i) AS (SELECT $2 + 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2 + $1)", "'010' || printf('%08d', 10000000 + i * 7919 % 80000000)"
	request := "'20260801F' || printf('%029d', i0 / 1000)"
	if dialect == models.Postgres {
		numbers = "WITH n AS (SELECT CAST($2 AS bigint) + generate_series(1, CAST($1 AS bigint)) AS i)"
		phone = "'010' || lpad(CAST(10000000 + i * 7919 % 80000000 AS text), 8, '0')"
		request = "'20260801F' || lpad(CAST(i0 / 1000 AS text), 29, '0')"
	}
	// r is as good as any number from 0 to 9,999 for a message, and the same for everybody.
	return numbers + `, d AS (SELECT i, i - 1 AS i0, i * 7919 % 10000 AS r FROM n),
		s AS (SELECT i, i0, r, i0 / 1000 % 20 AS sender, i0 / 1000 % 100 = 99 AS brandtalk,
			CASE WHEN r < 40 THEN 9 WHEN r < 600 THEN 8 WHEN r < 650 THEN 10 WHEN r = 651 AND i % 11 = 0 THEN 7 WHEN r = 652 AND i % 7 = 0 THEN 0 ELSE 1 END AS state FROM d)
		INSERT INTO foreign_messages (id, appkey_id, channel, request_id, seq, phone, plus_friend_id, sender_key, template_code, content, state, fallback, code,
			sms_code, sent_at, done_at, sender_group, recipient_group, create_user, taken_at)
		SELECT i, CAST($3 AS bigint), CASE WHEN brandtalk THEN 'brandtalk' ELSE 'friendtalk' END, ` + request + `, i0 % 1000 + 1, ` + phone + `, '@elsewhere' || sender, '',
			CASE WHEN brandtalk THEN 'T' || (i0 / 100000 % 10) ELSE '' END,
			'안녕하세요 김하늘님, 봄봄상점입니다. 겨울을 따뜻하게 맞이하시도록 단골께만 드리는 쿠폰을 보내 드려요. 이번 주말까지 쓰실 수 있어요.', state,
			CASE state WHEN 10 THEN 3 ELSE 0 END,
			CASE WHEN state IN (8, 10) THEN CASE WHEN r = 400 AND i % 97 = 3 THEN '` + rareCode + `' WHEN r % 3 = 0 THEN '3008' ELSE '3018' END WHEN state = 1 THEN '1000' ELSE '' END,
			'', CAST($4 AS bigint) + i0 / 1000 * CAST($5 AS bigint), CASE state WHEN 0 THEN 0 ELSE 1790000000000 END,
			'crm-' || (i0 / 1000), 'to-' || i, 'crm', $6 FROM s`
}

// foreignCases are searches for messages of others.
func (l *library) foreignCases() []pageCase {
	cases := withPairs(l.foreignAlone(), foreignPairs())
	for i := range cases {
		cases[i].name, cases[i].foreign = "elsewhere: "+cases[i].name, true
	}
	return cases
}

func (l *library) foreignAlone() []pageCase {
	type f = models.DeliveryFilter
	message := func(rnd *rand.Rand) int64 { return 1 + rnd.Int64N(int64(l.cfg.Foreign)) }
	request := func(rnd *rand.Rand) int64 { return (message(rnd) - 1) / batchSize }
	cases := []pageCase{
		{name: "everything", filter: func(*rand.Rand) f { return f{} }},
		{name: "everything, deep", filter: func(rnd *rand.Rand) f { return f{Before: message(rnd)} }},
		{name: "number", filter: func(rnd *rand.Rand) f {
			return f{Phone: fmt.Sprintf("010%08d", 10_000_000+message(rnd)*7919%80_000_000)}
		}},
		{name: "unknown number", filter: func(*rand.Rand) f { return f{Phone: "01199999999"} }},
		{name: "request", filter: func(rnd *rand.Rand) f { return f{RequestID: foreignRequest(int(request(rnd)))} }},
		{name: "unknown request", filter: func(*rand.Rand) f { return f{RequestID: "20260801"} }},
		{name: "request's key", filter: func(rnd *rand.Rand) f { return f{SenderKey: fmt.Sprint("crm-", request(rnd))} }},
		{name: "recipient's key", filter: func(rnd *rand.Rand) f { return f{RecipientKey: fmt.Sprint("to-", message(rnd))} }},
		{name: "usual channel", filter: func(*rand.Rand) f { return f{Channel: models.FriendTalk} }},
		{name: "rare channel", filter: func(*rand.Rand) f { return f{Channel: models.BrandTalk} }},
		{name: "sender", filter: func(rnd *rand.Rand) f { return f{SenderID: l.foreignSenders[rnd.IntN(len(l.foreignSenders))]} }},
		{name: "template", filter: func(rnd *rand.Rand) f { return f{TemplateCode: templateOf(rnd.IntN(templates))} }},
		{name: "unknown template", filter: func(*rand.Rand) f { return f{TemplateCode: "none"} }},
		{name: "sent, 1 day", filter: func(rnd *rand.Rand) f {
			from, to := l.days(rnd, 1)
			return f{RequestFrom: from, RequestTo: to}
		}},
		{name: "sent, 30 days", filter: func(rnd *rand.Rand) f {
			from, to := l.days(rnd, 30)
			return f{RequestFrom: from, RequestTo: to}
		}},
		{name: "usual code", filter: func(*rand.Rand) f { return f{Code: kakao.DeliveryNotReachable} }},
		{name: "rare code", filter: func(*rand.Rand) f { return f{Code: rareCode} }},
		{name: "unknown code", filter: func(*rand.Rand) f { return f{Code: "9998"} }},
		{name: "result: success", filter: func(*rand.Rand) f { return f{Group: models.ResultSuccess} }},
		{name: "result: failure", filter: func(*rand.Rand) f { return f{Group: models.ResultFailure} }},
	}
	for _, p := range models.ForeignParts() {
		cases = append(cases, pageCase{name: "state: " + string(p), filter: func(*rand.Rand) f { return f{Part: p} }})
	}
	return cases
}

// foreignPairs are filters that are used together.
func foreignPairs() [][2]string {
	return [][2]string{
		{"number", "sent, 30 days"}, {"number", "sender"}, {"number", "state: failed"}, {"number", "usual channel"},
		{"request", "state: failed"}, {"request", "state: cancelled"}, {"request's key", "state: failed"},
		{"sent, 30 days", "state: delivered"}, {"sent, 30 days", "state: failed"}, {"sent, 30 days", "state: cancelled"}, {"sent, 30 days", "state: closed"},
		{"sent, 30 days", "state: handed_over"}, {"sent, 30 days", "result: failure"}, {"sent, 30 days", "usual code"}, {"sent, 30 days", "rare code"},
		{"sent, 30 days", "unknown code"}, {"sent, 30 days", "sender"}, {"sent, 30 days", "template"}, {"sent, 30 days", "rare channel"},
		{"sent, 1 day", "state: closed"}, {"sent, 1 day", "sender"}, {"sent, 1 day", "rare channel"},
		{"sender", "state: failed"}, {"sender", "state: cancelled"}, {"sender", "state: closed"}, {"sender", "usual code"}, {"sender", "rare code"},
		{"sender", "usual channel"}, {"sender", "rare channel"}, {"template", "state: failed"}, {"template", "rare code"},
		{"rare channel", "state: failed"}, {"rare channel", "state: closed"}, {"rare channel", "usual code"}, {"usual channel", "state: cancelled"},
		{"usual channel", "rare code"}, {"state: failed", "usual code"}, {"everything, deep", "state: failed"}, {"everything, deep", "rare code"},
		{"everything, deep", "sender"}, {"everything, deep", "rare channel"},
	}
}
