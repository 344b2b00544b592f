package nhnsim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
)

// control calls a path under /_sim/ and returns the status and the answer.
func (b *bench) control(t testing.TB, method, path, body string) (int, object) {
	t.Helper()
	got := b.try(t, time.Minute, method, "/_sim/"+path, body)
	var out object
	if err := decodeInto([]byte(got.body), &out); err != nil {
		t.Fatalf("%s %s answered %q: %v", method, path, got.body, err)
	}
	return got.status, out
}

func TestTheClockIsMoved(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	// later lets time pass by the clock underneath before the call.
	for i, step := range []struct {
		later        time.Duration
		method, body string
		now, offset  string
		speed        float64
	}{
		{0, "GET", "", "2026-03-02T12:00:00+09:00", "0s", 1},
		{time.Hour, "GET", "", "2026-03-02T13:00:00+09:00", "0s", 1},
		{0, "POST", `{"set":"2026-12-01T09:00:00+09:00"}`, "2026-12-01T09:00:00+09:00", "6572h0m0s", 1},
		{time.Minute, "GET", "", "2026-12-01T09:01:00+09:00", "6572h0m0s", 1},
		{0, "POST", `{"advance":"24h"}`, "2026-12-02T09:01:00+09:00", "6596h0m0s", 1},
		{0, "POST", `{"speed":60}`, "2026-12-02T09:01:00+09:00", "6596h0m0s", 60},
		{time.Minute, "GET", "", "2026-12-02T10:01:00+09:00", "6596h59m0s", 60},
		{time.Millisecond, "GET", "", "2026-12-02T10:01:00.06+09:00", "6596h59m0.059s", 60},
		{0, "POST", `{"set":"2026-01-01T00:00:00Z","advance":"1h","speed":0.5}`, "2026-01-01T10:00:00+09:00", "-1443h2m0.001s", 0.5},
		{2 * time.Second, "POST", `{"speed":1}`, "2026-01-01T10:00:01+09:00", "-1443h2m1.001s", 1},
	} {
		b.Add(step.later)
		status, got := b.control(t, step.method, "clock", step.body)
		if status != 200 || got["now"] != step.now || got["offset"] != step.offset || got["speed"] != step.speed || len(got) != 3 {
			t.Errorf("step %d answered %d %v", i, status, got)
		}
	}
}

func TestTheClockRefusesNonsense(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	for body, says := range map[string]string{
		``:                                  "the body is not the JSON",
		`{`:                                 "the body is not the JSON",
		`[]`:                                "the body is not the JSON",
		`{} {}`:                             "something follows",
		`{}`:                                `give "set", "advance" or "speed"`,
		`{"seet":"x"}`:                      "seet: no such member",
		`{"set":"2026-12-01 09:00"}`:        `set: "2026-12-01 09:00" is no date`,
		`{"set":"1999-12-31T00:00:00Z"}`:    "between the years 2000 and 2200",
		`{"set":"2200-01-01T00:00:00Z"}`:    "between the years 2000 and 2200",
		`{"set":7}`:                         "set: a number does not belong here",
		`{"advance":"a day"}`:               `advance: "a day" is no duration`,
		`{"advance":"-1s"}`:                 "advance: the clock is not moved back",
		`{"advance":"2000000h"}`:            "between the years",
		`{"speed":0}`:                       "speed: 0 is not above 0",
		`{"speed":-2}`:                      "speed: -2 is not above 0",
		`{"speed":86401}`:                   "speed: 86401 is not above 0 and at most 86400",
		`{"speed":"60"}`:                    "speed: a string does not belong here",
		`{"advance":"1h","speed":1e400}`:    "speed: a number",
		`{"advance":"1h","set":"nonsense"}`: "set: ",
	} {
		status, got := b.control(t, "POST", "clock", body)
		text, _ := got["error"].(string)
		if status != 400 || !strings.Contains(text, says) {
			t.Errorf("%s: %d %v", body, status, got)
		}
	}
	if got := b.sim.Clock(); !got.Now.Equal(noon) || got.Speed != 1 || got.Offset != 0 {
		t.Errorf("the clock shows %+v", got)
	}
}

func TestTheClockFromGo(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{Speed: 60})
	b.Add(time.Second)
	if got := b.sim.Now(); !got.Equal(noon.Add(time.Minute)) {
		t.Errorf("after a second: %v", got)
	}
	must(t, b.sim.SetClock(noon))
	must(t, b.sim.AdvanceClock(time.Hour))
	must(t, b.sim.SpeedClock(1))
	if got := b.sim.Now(); !got.Equal(noon.Add(time.Hour)) {
		t.Errorf("set and advanced: %v", got)
	}
	for name, err := range map[string]error{
		"no speed": b.sim.SpeedClock(0), "backwards": b.sim.AdvanceClock(-1), "the zero time": b.sim.SetClock(time.Time{}),
	} {
		if err == nil {
			t.Error(name, "is taken")
		}
	}
	if _, err := nhnsim.Open(nhnsim.Config{Speed: -1}); err == nil {
		t.Error("opened with a negative speed")
	}
}

// Everything goes by the clock, though the one underneath stands still.
func TestEverythingGoesByTheClock(t *testing.T) {
	t.Parallel()
	b := open(t, exact())
	code := func(at time.Time, header ...string) int {
		return b.do(t, "POST", talk+"/messages", body(t, m{"requestDate": kakao.FormatDate(at)}, nil), header...).code()
	}
	id := b.send(t, noon.Add(24*time.Hour), number)
	status := func() any { return b.do(t, "GET", talk+"/messages/"+id+"/1", "").at("message", "messageStatus") }
	key := []string{kakao.HeaderIdempotencyKey, "k"}
	for i, step := range []struct {
		advance time.Duration
		got     func() any
		want    any
	}{
		{0, status, "READY"},
		{24 * time.Hour, status, "READY"},
		{time.Second, status, kakao.StatusCompleted},
		{0, func() any { return code(noon.Add(24 * time.Hour)) }, kakao.CodePast},
		{0, func() any { return code(noon.AddDate(0, 0, 91)) }, 0},
		{0, func() any { return code(noon.AddDate(0, 0, 92)) }, kakao.CodeHorizon},
		{0, func() any { return code(noon.AddDate(0, 0, 2), key...) }, 0},
		{9 * time.Minute, func() any { return code(noon.AddDate(0, 0, 2), key...) }, kakao.CodeIdempotencyKey},
		{time.Minute, func() any { return code(noon.AddDate(0, 0, 2), key...) }, 0},
		{9 * time.Hour, func() any { id = b.send(t, time.Time{}, number); return nil }, nil},
		{time.Minute, func() any { return b.do(t, "GET", talk+"/messages/"+id+"/1", "").at("message", "resultCode") }, kakao.DeliveryNight},
		{91 * 24 * time.Hour, func() any { return b.do(t, "GET", talk+"/messages/"+id+"/1", "").code() }, kakao.CodeMessageNotFound},
	} {
		must(t, b.sim.AdvanceClock(step.advance))
		if got := step.got(); got != step.want {
			t.Errorf("step %d: got %v, want %v", i, got, step.want)
		}
	}
	s, err := b.sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: "@late"})
	must(t, err)
	if !s.TokenDate.Equal(b.sim.Now()) || !s.CreateDate.Equal(b.sim.Now()) {
		t.Errorf("a sender of %v is dated %v", b.sim.Now(), s.TokenDate)
	}
}

func TestTheClockGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	cfg := nhnsim.Config{StateFile: stateFile(t)}
	b := open(t, cfg)
	cfg.Now = b.clock.Now
	must(t, b.sim.AdvanceClock(24*time.Hour))
	must(t, b.sim.SpeedClock(10))
	b.Add(time.Minute)
	must(t, b.sim.Close())
	b.Add(time.Minute)
	b.start(t, cfg)
	if got := b.sim.Now(); !got.Equal(noon.Add(24*time.Hour + 20*time.Minute)) {
		t.Errorf("after a restart: %v", got)
	}
	must(t, b.sim.Close())
	cfg.Speed = 2
	b.start(t, cfg)
	b.Add(time.Minute)
	if got := b.sim.Clock(); !got.Now.Equal(noon.Add(24*time.Hour+22*time.Minute)) || got.Speed != 2 {
		t.Errorf("after a restart at another speed: %+v", got)
	}
}

func TestAFastClockStopsAtItsEnd(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{Speed: 86_400})
	b.Add(8 * time.Hour) // 78 years
	first := b.sim.Now()
	b.Add(100 * 365 * 24 * time.Hour)
	if last := b.sim.Now(); first.Year() != 2105 || last.Year() != 2200 {
		t.Errorf("%v, then %v", first, last)
	}
	if got := b.do(t, http.MethodGet, alim+"/senders", ""); got.code() != 0 {
		t.Errorf("answered %v", got)
	}
}

// The clock is moved while it is read.
func TestTheClockIsSafe(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	done := make(chan error)
	go func() {
		var err error
		for range 200 {
			err = b.sim.AdvanceClock(time.Second)
		}
		done <- err
	}()
	for last, i := noon, 0; i < 200; i++ {
		now := b.sim.Now()
		if now.Before(last) {
			t.Fatal(fmt.Sprint(now, " comes after ", last))
		}
		last = now
	}
	must(t, <-done)
	if got := b.sim.Now(); !got.Equal(noon.Add(200 * time.Second)) {
		t.Errorf("the clock shows %v", got)
	}
}
