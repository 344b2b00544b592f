package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"soshik/internal/nhn/nhnsim"
)

// gcPercent is how much the memory in use grows before it is swept. What the simulator
// keeps, it keeps for good, so that sweeping it finds little: half as often makes sends
// a sixth faster, and a million messages take 0.8 GB instead of 0.6.
const gcPercent = 200

// simCommands are what follows "soshik sim"; nothing is the first of them.
type simCommands struct {
	Serve simulate `cmd:"" default:"withargs" help:"Serve the simulated provider by itself."`
	Check check    `cmd:"" help:"Check whether a server of the provider's API does what it should."`
}

// simulate serves the simulated provider, its control paths under /_sim/ and at /
// what phones receive.
type simulate struct {
	Addr              string        `default:"127.0.0.1:8090" help:"Address to listen on."`
	State             string        `help:"File that keeps its state; empty: in memory."`
	Appkey            string        `default:"demoappkey" help:"An appkey that it knows from the beginning."`
	Secret            string        `default:"demosecret" help:"The appkey's secret key."`
	Seed              uint64        `help:"Of request ids, and of faults that bring none; 0: random."`
	Speed             float64       `help:"Seconds that pass by its clock in one; 0: as the state has it, else 1."`
	Rate              float64       `help:"Deliveries a second for an appkey; 0: as many as there are."`
	FailureRate       float64       `default:"0.02" help:"Share of numbers that KakaoTalk does not reach."`
	RequireConvert    bool          `help:"Refuse FriendTalk without X-Convert-To-Brand-Message, as the provider does since 2025-12-30."`
	FailedCallUsesKey bool          `help:"A refused send, too, uses its idempotency key up."`
	TokenWithoutBody  bool          `help:"Answer a token with the header alone."`
	EndsExactly       bool          `help:"Let a range of dates end where its last minute begins."`
	DateLayout        string        `default:"2006-01-02 15:04:05.0" help:"Of dates in answers, as Go writes layouts."`
	ClockOffset       time.Duration `hidden:"" env:"SOSHIK_CLOCK_OFFSET" help:"How far the clock is moved, for tests."`
}

func (s *simulate) config() nhnsim.Config {
	return nhnsim.Config{
		StateFile: s.State, Seed: s.Seed, Speed: s.Speed, Rate: s.Rate, FailureRate: s.FailureRate, RequireConvert: s.RequireConvert,
		FailedCallUsesKey: s.FailedCallUsesKey, TokenWithoutBody: s.TokenWithoutBody, EndsExactly: s.EndsExactly, DateLayout: s.DateLayout,
		Now: func() time.Time { return time.Now().Add(s.ClockOffset) },
	}
}

// Run serves until the program is told to stop.
func (s *simulate) Run(ctx context.Context) (err error) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	sim, err := nhnsim.Open(s.config())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sim.Close()) }()
	if err := sim.Seed(s.Appkey, s.Secret); err != nil {
		return err
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return err
	}
	url := "http://" + ln.Addr().String()
	fmt.Printf(`simulated provider: nothing is really sent

  API      %s, appkey %s, secret key %s
  phone    %s/
  control  %s/_sim/, what there is: %s/_sim/state
`, url, s.Appkey, s.Secret, url, url, url)
	srv := &http.Server{Handler: sim, ReadHeaderTimeout: 5 * time.Second}
	srv.RegisterOnShutdown(sim.HangUp)
	return serveUntil(ctx, srv, ln)
}

func serveUntil(ctx context.Context, srv *http.Server, ln net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return srv.Shutdown(stopping)
}
