package models

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"soshik/internal/kakao"
)

// Bounds of how a campaign is spread over time.
const (
	MaxPace   = 1_000_000  // recipients a minute
	MaxPerDay = 10_000_000 // recipients
	// minPaced is how many recipients a batch has at least, however slow the campaign
	// is: so there are never more batches than there are minutes in which they can go
	// out.
	minPaced = 10
)

// Pacing says how the recipients of a campaign are spread over time. The zero value
// is: all at once.
type Pacing struct {
	Pace   int // recipients a minute; 0: as fast as it goes
	PerDay int // recipients a day at most, from the same time of day on; 0: no limit
}

// Paced reports whether there is anything to heed.
func (p Pacing) Paced() bool { return p.Pace > 0 || p.PerDay > 0 }

// Pacing is how c is spread over time.
func (c Campaign) Pacing() Pacing { return Pacing{c.Pace, c.PerDay} }

// NewPace is what is filled in to spread a campaign over time.
type NewPace struct {
	Paced  bool   // Rate counts
	Rate   string // recipients a minute
	Spread bool   // PerDay counts
	PerDay string // recipients
}

// PaceOf is p as the form shows it.
func PaceOf(p Pacing) NewPace {
	in := NewPace{Paced: p.Pace > 0, Spread: p.PerDay > 0}
	if in.Paced {
		in.Rate = strconv.Itoa(p.Pace)
	}
	if in.Spread {
		in.PerDay = strconv.Itoa(p.PerDay)
	}
	return in
}

// Pacing checks the form; fields are rate and per_day.
func (in NewPace) Pacing() (Pacing, error) {
	p, pacing := problems{}, Pacing{}
	if in.Paced {
		pacing.Pace = paceNumber(p, "rate", in.Rate, MaxPace)
	}
	if in.Spread {
		pacing.PerDay = paceNumber(p, "per_day", in.PerDay, MaxPerDay)
	}
	return pacing, p.err()
}

// paceNumber is a whole number from 1 on, which people may write as 10,000.
func paceNumber(p problems, field, text string, most int) int {
	n, err := strconv.Atoi(strings.ReplaceAll(text, ",", ""))
	if err != nil || n < 1 || n > most {
		p.add(field, "pace.number", "Max", most)
		return 0
	}
	return n
}

// Spread lays the recipients of a campaign over the days: from Begin on at the pace
// until the night or until the day has as many as it may have, then on the next
// morning; where a day has a limit, at the same time of day as on the first.
type Spread struct {
	Pacing

	Begin time.Time     // on the first day; not at night
	Again time.Duration // after midnight in Korea: when the other days begin
	Used  int64         // of what the first day may have, by what was sent before
}

// NewSpread begins at begin or, if that is at night, in the morning.
func NewSpread(p Pacing, begin time.Time) Spread {
	begin = kakao.NextMorning(begin)
	s := Spread{Pacing: p, Begin: begin, Again: kakao.NightEnd * time.Minute}
	if p.PerDay > 0 {
		s.Again = begin.Sub(midnight(begin))
	}
	return s
}

// Anew is s for recipients that are still to come at now, of whom used have gone out
// on that day already. It begins at once, except that a day with a limit does not
// begin before its time.
func (s Spread) Anew(now time.Time, used int64) Spread {
	begin := kakao.NextMorning(now)
	if at := midnight(begin).Add(s.Again); s.PerDay > 0 && begin.Before(at) {
		begin = at
	}
	s.Begin, s.Used = begin, used
	if !Today(begin, now) {
		s.Used = 0
	}
	return s
}

// Today reports whether two times are on the same day in Korea.
func Today(t, now time.Time) bool { return midnight(t).Equal(midnight(now)) }

// day is when the day begins that is n days after the first.
func (s Spread) day(n int64) time.Time {
	if n == 0 {
		return s.Begin
	}
	return midnight(s.Begin).AddDate(0, 0, int(n)).Add(s.Again)
}

// holds is how many recipients the day has that is n days after the first.
func (s Spread) holds(n int64) int64 {
	most := int64(math.MaxInt64)
	if begin := s.day(n); s.Pace > 0 {
		light := midnight(begin).Add(kakao.NightStart * time.Minute).Sub(begin)
		most = int64(math.Ceil(light.Minutes() * float64(s.Pace)))
	}
	if s.PerDay > 0 {
		most = min(most, int64(s.PerDay))
		if n == 0 {
			most = max(min(most, int64(s.PerDay)-s.Used), 0)
		}
	}
	return most
}

// at is on which day the recipient goes out who has n before them, and how many have
// gone out on that day before.
func (s Spread) at(n int64) (day, before int64) {
	first := s.holds(0)
	if n < first {
		return 0, n
	}
	other := s.holds(1)
	return 1 + (n-first)/other, (n - first) % other
}

// At is when the recipient goes out who has n before them.
func (s Spread) At(n int64) time.Time {
	day, before := s.at(n)
	at := s.day(day)
	if s.Pace == 0 {
		return at
	}
	pace := int64(s.Pace)
	return at.Add(time.Duration(before/pace)*time.Minute + time.Duration(before%pace)*time.Minute/time.Duration(pace))
}

// Next is when the batch goes out that has n recipients before it, and how many it
// has at most. A batch covers a minute of the pace, or an even part of one that has more
// recipients than a request may have; at less than [minPaced] recipients a minute it
// covers several. None reaches into the next day.
func (s Spread) Next(n int64) (at time.Time, size int64) {
	day, before := s.at(n)
	size = kakao.MaxRecipients
	switch pace := int64(s.Pace); {
	case pace >= minPaced:
		left := pace - before%pace
		requests := (left + kakao.MaxRecipients - 1) / kakao.MaxRecipients
		size = (left + requests - 1) / requests
	case pace > 0:
		size = minPaced
	}
	return s.At(n), min(size, s.holds(day)-before)
}

// Fit is when a batch goes out that has been made already: it goes out on one day,
// if there is one for so many. next is how many recipients are before the one behind
// it.
func (s Spread) Fit(n, size int64) (at time.Time, next int64) {
	day, before := s.at(n)
	if left := s.holds(day) - before; size > left && before > 0 {
		n += left
	}
	return s.At(n), n + size
}

// Course is what a spread comes to.
type Course struct {
	Begin time.Time
	End   time.Time // when the last recipients go out
	Days  int       // on how many days any go out
}

// Span is how long it takes, in whole minutes.
func (c Course) Span() time.Duration { return c.End.Sub(c.Begin).Round(time.Minute) }

// Course is how so many recipients go out.
func (s Spread) Course(recipients int64) Course {
	first, last := s.At(0), max(recipients-1, 0)
	from, _ := s.at(0)
	day, _ := s.at(last)
	return Course{Begin: first, End: s.At(last), Days: int(day-from) + 1}
}

// CheckPace finds what is wrong with a spread of so many recipients when it is now:
// it must not reach further than may be scheduled.
func (ch Channel) CheckPace(s Spread, recipients int64, now time.Time) error {
	p, days := problems{}, ch.Traits().HorizonDays
	if s.Paced() && s.Course(recipients).End.After(now.AddDate(0, 0, days)) {
		field := "rate"
		if s.PerDay > 0 {
			field = "per_day"
		}
		p.add(field, "pace.horizon", "Days", days)
	}
	return p.err()
}

// Begins is when c begins if that was not when it was launched; nil if it was.
func (c Campaign) Begins() *time.Time {
	if c.ScheduledAt != nil {
		return c.ScheduledAt
	}
	return c.UndoUntil
}

// Spread is how c's recipients are laid over time; laid is false for one that goes
// out when it is planned, as fast as it goes.
func (c Campaign) Spread() (s Spread, laid bool) {
	begin := c.Begins()
	if begin == nil {
		begin = c.LaunchedAt
	}
	if begin == nil || c.Begins() == nil && !c.Pacing().Paced() {
		return Spread{}, false
	}
	return NewSpread(c.Pacing(), *begin), true
}

// CourseNow is how so many recipients of a draft go out if it is launched now.
func (c Campaign) CourseNow(t Team, recipients int64, now time.Time) Course {
	spread, laid := c.LaunchedNow(t, now).Spread()
	if !laid {
		return Course{Begin: now, End: now, Days: 1}
	}
	return spread.Course(recipients)
}

// AudienceSize is how many recipients a draft has; 0 if it has none yet.
func (db *DB) AudienceSize(ctx context.Context, c Campaign) (int64, error) {
	if c.AudienceID == 0 {
		return 0, nil
	}
	audience, err := db.Audience(ctx, c.TeamID, c.AudienceID)
	return audience.Size, err
}

// SentOn is how many recipients the batches of a campaign have that were handed over
// to be sent on the day of at in Korea.
func (db *DB) SentOn(ctx context.Context, campaignID int64, at time.Time) (n int64, err error) {
	day := midnight(at)
	err = db.write(ctx).Raw(`SELECT COALESCE(SUM(size - skipped), 0) FROM batches
		WHERE campaign_id = ? AND state NOT IN ('planned', 'cancelled') AND send_at >= ? AND send_at < ?`,
		campaignID, day.UTC(), day.AddDate(0, 0, 1).UTC()).Scan(&n).Error
	return n, err
}

// LaidBatches are the planned batches of a campaign that have a time, in order.
func (db *DB) LaidBatches(ctx context.Context, campaignID int64) ([]Batch, error) {
	var bs []Batch
	return bs, db.write(ctx).Where("campaign_id = ? AND state = ? AND send_at IS NOT NULL", campaignID, BatchPlanned).Order("number").Find(&bs).Error
}

// laidAtOnce is how many batches are laid in one statement.
const laidAtOnce = 500

// LayBatches writes when those of bs that are still planned are to be sent and handed
// over: SendAt, DueAt and MeantAt.
func (db *DB) LayBatches(ctx context.Context, bs []Batch) error {
	for len(bs) > 0 {
		n := min(len(bs), laidAtOnce)
		rows, args := make([]string, n), make([]any, 0, 4*n)
		for i, b := range bs[:n] {
			rows[i] = "(CAST(? AS BIGINT), CAST(? AS " + db.timeType() + "), CAST(? AS " + db.timeType() + "), CAST(? AS " + db.timeType() + "))"
			args = append(args, b.ID, b.SendAt, b.DueAt.UTC(), b.MeantAt.UTC())
		}
		err := db.write(ctx).Exec(`UPDATE batches SET send_at = v.column2, due_at = v.column3, meant_at = v.column4
			FROM (VALUES `+strings.Join(rows, ", ")+`) AS v WHERE batches.id = v.column1 AND batches.state = 'planned'`, args...).Error
		if err != nil {
			return err
		}
		bs = bs[n:]
	}
	return nil
}

// ComingDay is what is still to be handed over of a campaign for a day in Korea.
type ComingDay struct {
	Day        string // 2006-01-02
	Recipients int64
	From       FlexTime // when the first are to go out
	Until      FlexTime // when the last are
}

// ComingDays are the days on which planned batches of a campaign are to be sent, at
// most limit. Batches that go out as soon as they can are not among them.
func (db *DB) ComingDays(ctx context.Context, campaignID int64, limit int) ([]ComingDay, error) {
	day := "date(send_at, '+9 hours')"
	if db.Dialect() == Postgres {
		day = "to_char(send_at AT TIME ZONE 'Asia/Seoul', 'YYYY-MM-DD')"
	}
	var ds []ComingDay
	return ds, db.read(ctx).Raw(`SELECT `+day+` AS day, SUM(`+openSQL+`) AS recipients, MIN(send_at) AS "from", MAX(send_at) AS until
		FROM batches WHERE campaign_id = ? AND state = 'planned' AND send_at IS NOT NULL GROUP BY 1 ORDER BY 1`+limitTo(limit), campaignID).Scan(&ds).Error
}
