package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"soshik/internal/nhn/nhnsim"
)

// simProcess is `soshik sim` as a process of its own.
type simProcess struct {
	*exec.Cmd
	url string
	out *os.File
}

func startSim(t *testing.T, state string, flags ...string) *simProcess {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	must(t, err)
	address := freeAddress(t)
	p := &simProcess{exec.CommandContext(context.Background(), self, append([]string{"sim", "--addr", address, "--state", state}, flags...)...), "http://" + address, out}
	p.Env = append(os.Environ(), runVariable+"=1")
	p.Stdout, p.Stderr = out, out
	must(t, p.Start())
	t.Cleanup(func() {
		_ = p.Process.Kill()
		_ = p.Wait()
	})
	return p
}

func (p *simProcess) said(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(p.out.Name())
	must(t, err)
	return string(text)
}

// state reads what the simulator has, once it answers.
func (p *simProcess) state(t *testing.T) string {
	t.Helper()
	deadline, tick := time.After(20*time.Second), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for {
		resp, err := http.Get(p.url + "/_sim/state")
		if err == nil {
			text, err := io.ReadAll(resp.Body)
			must(t, err, resp.Body.Close())
			return string(text)
		}
		select {
		case <-deadline:
			t.Fatalf("no answer: %v\n%s", err, p.said(t))
		case <-tick.C:
		}
	}
}

// The state file has one process at a time, and outlives one that is killed.
func TestSimKeepsItsState(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	first := startSim(t, state, "--appkey", "a1", "--secret", "s1", "--speed", "60", "--seed", "7")
	before := first.state(t)
	if got := first.said(t); !strings.Contains(got, first.url+", appkey a1, secret key s1") || !strings.Contains(got, first.url+"/_sim/state") {
		t.Errorf("says %s", got)
	}
	second := startSim(t, state)
	if err := second.Wait(); err == nil || !strings.Contains(second.said(t), nhnsim.ErrInUse.Error()) {
		t.Errorf("a second one: %v, %s", err, second.said(t))
	}
	must(t, first.Process.Kill())
	_ = first.Wait()
	third := startSim(t, state, "--appkey", "a1", "--secret", "s1")
	after := third.state(t)
	var a, b struct {
		Senders []any `json:"senders"`
		Clock   struct {
			Speed float64 `json:"speed"`
		} `json:"clock"`
	}
	must(t, json.Unmarshal([]byte(before), &a), json.Unmarshal([]byte(after), &b))
	if len(a.Senders) != 2 || fmt.Sprint(a.Senders) != fmt.Sprint(b.Senders) || b.Clock.Speed != 60 {
		t.Errorf("before %s, after %s", before, after)
	}
	must(t, third.Process.Signal(syscall.SIGTERM))
	if err := third.Wait(); err != nil {
		t.Errorf("stopped with %v: %s", err, third.said(t))
	}
}

func TestSimRefusesASpeedBelowZero(t *testing.T) {
	t.Parallel()
	p := startSim(t, "", "--speed=-1")
	if err := p.Wait(); err == nil || !strings.Contains(p.said(t), "speed: -1 is not above 0") {
		t.Errorf("%v: %s", err, p.said(t))
	}
}
