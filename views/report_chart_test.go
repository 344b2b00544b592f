package views_test

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"soshik/internal/locale"
	"soshik/models"
	"soshik/views"
)

func page(t *testing.T, tag string) views.Page {
	t.Helper()
	catalogs, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	return views.Page{Locale: catalogs.Locale(tag)}
}

func TestTicksAreRound(t *testing.T) {
	t.Parallel()
	for _, try := range []struct {
		top, most int64
		want      []int64
	}{
		{0, 4, []int64{0}},
		{1, 4, []int64{0, 1}},
		{4, 4, []int64{0, 1, 2, 3, 4}},
		{5, 4, []int64{0, 2, 4}},
		{9, 2, []int64{0, 5}},
		{12_480, 4, []int64{0, 5_000, 10_000}},
		{1_000_000, 4, []int64{0, 500_000, 1_000_000}},
		{999_999, 4, []int64{0, 200_000, 400_000, 600_000, 800_000}},
	} {
		if got := views.Ticks(try.top, try.most); !slices.Equal(got, try.want) {
			t.Errorf("to %d, at most %d: %v, want %v", try.top, try.most, got, try.want)
		}
	}
	for top := int64(1); top > 0 && top < math.MaxInt64/3; top = top*3 + 1 {
		got := views.Ticks(top, 4)
		if n := len(got); n < 2 || n > 5 || got[n-1] > top || got[n-1] <= 0 {
			t.Errorf("to %d: %v", top, got)
		}
	}
}

// coordinates is what a path is made of: numbers, and nothing that is none.
var coordinates = regexp.MustCompile(`^M0,[0-9.]+([HL][0-9.]+(,[0-9.]+)?)+$`)

// timeline is stretches whose From is counted in steps from 14:00 in Korea on.
func timeline(step int64, stretches ...models.Stretch) models.Timeline {
	began := time.Date(2026, 11, 24, 5, 0, 0, 0, time.UTC).Unix() / 60
	for i := range stretches {
		stretches[i].From = began + stretches[i].From*step
	}
	return models.Timeline{Step: step, Stretches: stretches}
}

func TestLinesOfEveryKindOfCampaign(t *testing.T) {
	t.Parallel()
	long := make([]models.Stretch, 96)
	for i := range long {
		long[i] = models.Stretch{From: int64(i), Handed: 10, Delivered: 9}
	}
	for name, try := range map[string]struct {
		timeline models.Timeline
		panels   []string // the kinds of their lines
	}{
		"one minute":           {timeline(1, models.Stretch{Handed: 1}), []string{"handed"}},
		"no failures":          {timeline(1, models.Stretch{Handed: 5, Delivered: 3}, models.Stretch{From: 1, Delivered: 2}), []string{"handed delivered"}},
		"only failures":        {timeline(1, models.Stretch{Failed: 3}), []string{"failed"}},
		"all":                  {timeline(5, models.Stretch{Handed: 9, Delivered: 4, Failed: 3, SMS: 2}), []string{"handed delivered", "sms failed"}},
		"a gap":                {timeline(60, models.Stretch{Handed: 9}, models.Stretch{From: 20, Delivered: 9}), []string{"handed delivered"}},
		"very many":            {timeline(1440, models.Stretch{Handed: math.MaxInt64 / 4, Delivered: 1, SMS: 1}), []string{"handed delivered", "sms"}},
		"one among very many":  {timeline(1, models.Stretch{Handed: 1_000_000, Delivered: 999_999, Failed: 1}), []string{"handed delivered", "failed"}},
		"as long as it can be": {timeline(7*1440, long...), []string{"handed delivered"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := views.DrawTimeline(page(t, "ko"), try.timeline)
			var panels []string
			for _, drawn := range c.Panels() {
				var kinds []string
				for kind, path := range drawn.Lines() {
					kinds = append(kinds, kind)
					rises(t, path)
				}
				panels = append(panels, strings.Join(kinds, " "))
				withinEdges(t, drawn.Up())
			}
			if !slices.Equal(panels, try.panels) {
				t.Errorf("the panels are %q, want %q", panels, try.panels)
			}
			withinEdges(t, c.Across())
			if n := len(c.Across()); n > 6 {
				t.Errorf("%d times are written below", n)
			}
		})
	}
}

// rises checks that a line goes from the left edge to the right one, never back and never
// down, within the field.
func rises(t *testing.T, path string) {
	t.Helper()
	if !coordinates.MatchString(path) {
		t.Fatalf("a path is %q", path)
	}
	x, y := 0.0, 1000.0
	for _, step := range regexp.MustCompile(`[HL][^HL]*`).FindAllString(path, -1) {
		to, height, both := strings.Cut(step[1:], ",")
		nextX, nextY := float(t, to), y
		if both {
			nextY = float(t, height)
		}
		if nextX < x || nextX > 1000 || nextY > y || nextY < 0 {
			t.Fatalf("at %s the path %q goes back, down or out", step, path)
		}
		x, y = nextX, nextY
	}
	if x != 1000 {
		t.Errorf("the path %q ends early", path)
	}
}

func float(t *testing.T, text string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func withinEdges(t *testing.T, marks map[string]float64) {
	t.Helper()
	for text, at := range marks {
		if !(at >= 0 && at <= 100.001) || text == "" { // not a number is neither
			t.Errorf("%q is written at %v %%", text, at)
		}
	}
}

// The few that came late are counted, not drawn.
func TestWhatCameLateIsCounted(t *testing.T) {
	t.Parallel()
	late := timeline(1, models.Stretch{Handed: 100, Delivered: 99})
	late.Later = models.Stretch{Failed: 1}
	panels := views.DrawTimeline(page(t, "ko"), late).Panels()
	if len(panels) != 2 {
		t.Fatalf("%d panels, want 2", len(panels))
	}
	for kind, path := range panels[1].Lines() {
		if kind != "failed" || path != "M0,1000H1000" {
			t.Errorf("a line of the %s is %q", kind, path)
		}
	}
}

func TestALineStaysLevelInAGap(t *testing.T) {
	t.Parallel()
	c := views.DrawTimeline(page(t, "en"), timeline(60, models.Stretch{Delivered: 27}, models.Stretch{From: 9, Delivered: 27}))
	for _, path := range c.Panels()[0].Lines() {
		if want := "M0,1000L100,537H900L1000,74.1H1000"; path != want {
			t.Errorf("the line is %q, want %q", path, want)
		}
	}
}

func TestTimesAreRoundInKorea(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]struct {
		timeline models.Timeline
		tag      string
		want     []string
	}{
		"minutes":       {timeline(1, models.Stretch{Handed: 1}, models.Stretch{From: 4}), "ko", []string{"14:00", "14:01", "14:02", "14:03", "14:04", "14:05"}},
		"over midnight": {timeline(60, models.Stretch{Handed: 1}, models.Stretch{From: 23}), "en", []string{"18:00", "25 Nov", "06:00", "12:00"}},
		"weeks":         {timeline(1440, models.Stretch{Handed: 1}, models.Stretch{From: 29}), "ja", []string{"11月26日", "12月3日", "12月10日", "12月17日", "12月24日"}},
	} {
		across := views.DrawTimeline(page(t, try.tag), try.timeline).Across()
		for _, text := range try.want {
			if _, there := across[text]; !there || len(across) != len(try.want) {
				t.Errorf("%s: %v, want %v", name, across, try.want)
			}
		}
	}
}
