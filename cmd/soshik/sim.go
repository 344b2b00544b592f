package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"soshik/internal/nhn/nhnsim"
)

// simulate serves the simulated provider, its control paths under /_sim/ and its
// phone under /phone/.
type simulate struct {
	Addr        string        `default:"127.0.0.1:8090" help:"Address to listen on."`
	State       string        `help:"File that keeps its state; empty: in memory."`
	Appkey      string        `default:"demoappkey" help:"An appkey that it knows from the beginning."`
	Secret      string        `default:"demosecret" help:"The appkey's secret key."`
	FailureRate float64       `default:"0.02" help:"Share of numbers that KakaoTalk does not reach."`
	ClockOffset time.Duration `hidden:"" env:"SOSHIK_CLOCK_OFFSET" help:"How far the clock is moved, for tests."`
}

// Run serves until the program is told to stop.
func (s *simulate) Run(ctx context.Context) (err error) {
	sim, err := nhnsim.Open(nhnsim.Config{
		StateFile: s.State, FailureRate: s.FailureRate, Now: func() time.Time { return time.Now().Add(s.ClockOffset) },
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sim.Close()) }()
	if err := sim.AddAppkey(s.Appkey, s.Secret); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/phone/", http.StripPrefix("/phone", sim.PhoneHandler()))
	mux.Handle("/", sim)
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return err
	}
	fmt.Printf("simulated provider: http://%s (appkey %s, secret key %s), phone: http://%s/phone/\n", ln.Addr(), s.Appkey, s.Secret, ln.Addr())
	return serveUntil(ctx, &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}, ln)
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
