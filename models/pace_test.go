package models_test

import (
	"maps"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/models"
)

// plannedBatch is a batch as a plan cuts it.
type plannedBatch struct {
	at   time.Time
	size int64
}

// cut plans all batches of so many recipients.
func cut(s models.Spread, recipients int64) []plannedBatch {
	var all []plannedBatch
	for n := int64(0); n < recipients; {
		at, size := s.Next(n)
		size = min(size, recipients-n)
		all = append(all, plannedBatch{at, size})
		n += size
	}
	return all
}

// Whatever the pace is: every minute and every day has at most as many as it may have,
// nobody is sent to at night, nobody is left out, and there are not too many batches.
func TestSpreadHeedsItsLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pacing     models.Pacing
		begin      string
		recipients int64
	}{
		{models.Pacing{Pace: 1}, "2026-11-28 14:00", 3000},
		{models.Pacing{Pace: 3}, "2026-11-28 20:49", 3000},
		{models.Pacing{Pace: 7}, "2026-11-28 08:00", 20000},
		{models.Pacing{Pace: 60}, "2026-11-28 20:30", 100_000},
		{models.Pacing{Pace: 999}, "2026-11-28 10:13", 1_000_000},
		{models.Pacing{Pace: 1000}, "2026-11-28 23:00", 1_000_000},
		{models.Pacing{Pace: 1001}, "2026-11-28 14:00", 1_000_000},
		{models.Pacing{Pace: 2500}, "2026-11-28 14:00", 1_000_000},
		{models.Pacing{Pace: 100_000}, "2026-11-28 14:00", 1_000_000},
		{models.Pacing{PerDay: 1500}, "2026-11-28 14:00", 10_000},
		{models.Pacing{PerDay: 7}, "2026-11-28 20:49", 100},
		{models.Pacing{Pace: 100, PerDay: 5000}, "2026-11-28 19:00", 60_000},
		{models.Pacing{Pace: 100, PerDay: 50_000}, "2026-11-28 20:40", 10_000},
	} {
		days, minutes := map[string]int64{}, map[int64]int64{}
		var all int64
		s := models.NewSpread(c.pacing, korean(t, c.begin))
		for _, b := range cut(s, c.recipients) {
			if kakao.Night(b.at) || b.size < 1 || b.size > kakao.MaxRecipients {
				t.Fatalf("%+v: %d at %s", c, b.size, b.at)
			}
			days[b.at.In(kakao.KST).Format(time.DateOnly)] += b.size
			minutes[int64(b.at.Sub(s.Begin)/time.Minute)] += b.size
			all += b.size
		}
		if all != c.recipients {
			t.Errorf("%+v: %d recipients", c, all)
		}
		for day, n := range days {
			if c.pacing.PerDay > 0 && n > int64(c.pacing.PerDay) {
				t.Errorf("%+v: %d on %s", c, n, day)
			}
		}
		for minute, n := range minutes {
			if c.pacing.Pace >= 10 && n > int64(c.pacing.Pace) {
				t.Errorf("%+v: %d in minute %d", c, n, minute)
			}
		}
		if batches := int64(len(cut(s, c.recipients))); batches > c.recipients/10+int64(len(days)) && c.pacing.PerDay == 0 {
			t.Errorf("%+v: %d batches", c, batches)
		}
	}
}

func TestCourse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pacing     models.Pacing
		begin      string
		recipients int64
		until      string
		days       int
		span       time.Duration
	}{
		"all at once":                        {models.Pacing{}, "2026-11-28 14:00", 100_000, "2026-11-28 14:00", 1, 0},
		"at a pace":                          {models.Pacing{Pace: 500}, "2026-11-28 14:00", 100_000, "2026-11-28 17:19", 1, 200 * time.Minute},
		"until the night, and on":            {models.Pacing{Pace: 100}, "2026-11-28 20:40", 2000, "2026-11-29 08:09", 2, 11*time.Hour + 30*time.Minute},
		"begins in the morning":              {models.Pacing{Pace: 100}, "2026-11-28 21:00", 100, "2026-11-29 08:00", 1, time.Minute},
		"over days":                          {models.Pacing{PerDay: 1000}, "2026-11-28 14:00", 4000, "2026-12-01 14:00", 4, 72 * time.Hour},
		"over days, the last one not full":   {models.Pacing{PerDay: 1000}, "2026-11-28 14:00", 3001, "2026-12-01 14:00", 4, 72 * time.Hour},
		"over days at a pace":                {models.Pacing{Pace: 100, PerDay: 1000}, "2026-11-28 14:00", 1500, "2026-11-29 14:04", 2, 24*time.Hour + 5*time.Minute},
		"nobody":                             {models.Pacing{Pace: 100}, "2026-11-28 14:00", 0, "2026-11-28 14:00", 1, 0},
		"the day ends before its limit does": {models.Pacing{Pace: 10, PerDay: 1000}, "2026-11-28 20:00", 1000, "2026-11-29 20:49", 2, 24*time.Hour + 50*time.Minute},
	} {
		course := models.NewSpread(c.pacing, korean(t, c.begin)).Course(c.recipients)
		if got := course.End.In(kakao.KST).Format(kakao.DateLayout); got != c.until || course.Days != c.days || course.Span() != c.span {
			t.Errorf("%s: until %s, %d days, %s", name, got, course.Days, course.Span())
		}
	}
}

// What is laid anew begins at once, heeds what the day has had, and keeps batches whole.
func TestSpreadAnew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pacing models.Pacing
		now    string
		used   int64
		want   []string // when batches of 400 go out
	}{
		"at the pace":              {models.Pacing{Pace: 400}, "2026-11-28 16:30", 9999, []string{"2026-11-28 16:30", "2026-11-28 16:31", "2026-11-28 16:32"}},
		"in the night":             {models.Pacing{Pace: 400}, "2026-11-28 22:00", 0, []string{"2026-11-29 08:00", "2026-11-29 08:01", "2026-11-29 08:02"}},
		"a day with room for two":  {models.Pacing{PerDay: 1000}, "2026-11-28 16:30", 0, []string{"2026-11-28 16:30", "2026-11-28 16:30", "2026-11-29 14:00"}},
		"a day with room for one":  {models.Pacing{PerDay: 1000}, "2026-11-28 16:30", 500, []string{"2026-11-28 16:30", "2026-11-29 14:00", "2026-11-29 14:00"}},
		"a full day":               {models.Pacing{PerDay: 1000}, "2026-11-28 16:30", 1000, []string{"2026-11-29 14:00", "2026-11-29 14:00", "2026-11-30 14:00"}},
		"a day that is overdrawn":  {models.Pacing{PerDay: 1000}, "2026-11-28 16:30", 1400, []string{"2026-11-29 14:00", "2026-11-29 14:00", "2026-11-30 14:00"}},
		"before the time of day":   {models.Pacing{PerDay: 1000}, "2026-11-29 09:00", 0, []string{"2026-11-29 14:00", "2026-11-29 14:00", "2026-11-30 14:00"}},
		"in the night, over days":  {models.Pacing{PerDay: 1000}, "2026-11-28 23:00", 1000, []string{"2026-11-29 14:00", "2026-11-29 14:00", "2026-11-30 14:00"}},
		"less than a batch a day":  {models.Pacing{PerDay: 100}, "2026-11-28 16:30", 0, []string{"2026-11-28 16:30", "2026-12-02 14:00", "2026-12-06 14:00"}},
		"as fast as it goes":       {models.Pacing{}, "2026-11-28 16:30", 0, []string{"2026-11-28 16:30", "2026-11-28 16:30", "2026-11-28 16:30"}},
		"behind the end of a day":  {models.Pacing{Pace: 400}, "2026-11-28 20:49", 0, []string{"2026-11-28 20:49", "2026-11-29 08:00", "2026-11-29 08:01"}},
		"the pace and the day too": {models.Pacing{Pace: 400, PerDay: 800}, "2026-11-28 16:30", 400, []string{"2026-11-28 16:30", "2026-11-29 14:00", "2026-11-29 14:01"}},
	} {
		s := models.NewSpread(c.pacing, korean(t, "2026-11-28 14:00")).Anew(korean(t, c.now), c.used)
		var n int64
		for i, want := range c.want {
			var at time.Time
			at, n = s.Fit(n, 400)
			if got := at.In(kakao.KST).Format(kakao.DateLayout); got != want {
				t.Errorf("%s: batch %d at %s, want %s", name, i+1, got, want)
			}
		}
	}
}

func TestNewPace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in    models.NewPace
		want  models.Pacing
		wrong map[string]string
	}{
		"nothing chosen, whatever is typed": {models.NewPace{Rate: "x", PerDay: "y"}, models.Pacing{}, nil},
		"both":                              {models.NewPace{Paced: true, Rate: "500", Spread: true, PerDay: "10,000"}, models.Pacing{Pace: 500, PerDay: 10_000}, nil},
		"no numbers": {
			models.NewPace{Paced: true, Rate: "", Spread: true, PerDay: "many"}, models.Pacing{},
			map[string]string{"rate": "pace.number", "per_day": "pace.number"},
		},
		"none":     {models.NewPace{Paced: true, Rate: "0"}, models.Pacing{}, map[string]string{"rate": "pace.number"}},
		"too many": {models.NewPace{Paced: true, Rate: "1000001"}, models.Pacing{}, map[string]string{"rate": "pace.number"}},
	} {
		got, err := c.in.Pacing()
		if wrong := wrongFields(err); got != c.want || !maps.Equal(wrong, c.wrong) {
			t.Errorf("%s: %+v %v", name, got, wrong)
		}
	}
	if in := models.PaceOf(models.Pacing{Pace: 5}); in != (models.NewPace{Paced: true, Rate: "5"}) {
		t.Errorf("%+v", in)
	}
}

func TestCheckPace(t *testing.T) {
	t.Parallel()
	now := korean(t, "2026-11-28 14:00")
	for name, c := range map[string]struct {
		pacing     models.Pacing
		recipients int64
		want       map[string]string
	}{
		"in time":       {models.Pacing{Pace: 100}, 1_000_000, nil},
		"too slow":      {models.Pacing{Pace: 10}, 1_000_000, map[string]string{"rate": "pace.horizon"}},
		"too many days": {models.Pacing{PerDay: 1000}, 100_000, map[string]string{"per_day": "pace.horizon"}},
	} {
		err := models.FriendTalk.CheckPace(models.NewSpread(c.pacing, now), c.recipients, now)
		if got := wrongFields(err); !maps.Equal(got, c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
