package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
)

const (
	sendsAtOnce = 4
	perSend     = kakao.MaxRecipients
)

// Provider measures the simulated provider in a process of its own: how many sends
// of a thousand recipients it answers a second, and the memory it then holds. Beside
// it stands the limit: a server that reads a send and answers as much, and does
// nothing else.
func Provider(ctx context.Context, cfg Config, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "soshik-bench-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	sends := max(cfg.Recipients/perSend, 1)
	limit, err := measureServer(ctx, sends, "sink")
	if err != nil {
		return fmt.Errorf("limit: %w", err)
	}
	sim, err := measureServer(ctx, sends, "sim", "--state", filepath.Join(dir, "provider.jsonl"))
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	limit.print(out, "limit: read and answer")
	sim.print(out, "simulated provider")
	_, err = fmt.Fprintf(out, "%-24s %8.0f %%\n", "of the limit", 100*limit.took.Seconds()/sim.took.Seconds())
	return err
}

// load is what a server took.
type load struct {
	sends  int
	took   time.Duration
	cpu    time.Duration // of the server's process
	memory string        // the most its process had resident
}

func (l load) print(out io.Writer, what string) {
	_, _ = fmt.Fprintf(out, "%-24s %8.2f s %8.0f sends/s %10.0f recipients/s, %.2f µs of processor time each, peak memory %s\n", what, l.took.Seconds(),
		float64(l.sends)/l.took.Seconds(), float64(l.sends*perSend)/l.took.Seconds(), l.cpu.Seconds()*1e6/float64(l.sends*perSend), l.memory)
}

// server is this program, started with other arguments.
type server struct {
	cmd  *exec.Cmd
	base string // its URL
}

// startServer starts this program with args, and waits until it answers.
func startServer(ctx context.Context, env []string, args ...string) (*server, error) {
	ln, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{exec.CommandContext(ctx, self, append(args, "--addr", addr)...), "http://" + addr} //nolint:gosec // this program
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.Stderr = os.Stderr
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := ready(ctx, s.base); err != nil {
		_, stopErr := s.stop()
		return nil, errors.Join(err, stopErr)
	}
	return s, nil
}

// stop ends the server, and says how much processor time it took.
func (s *server) stop() (cpu time.Duration, err error) {
	err = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait() // it was told to stop
	return s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime(), err
}

// measureServer starts this program with args and hands it so many sends.
func measureServer(ctx context.Context, sends int, args ...string) (l load, err error) {
	s, err := startServer(ctx, nil, args...)
	if err != nil {
		return l, err
	}
	defer func() {
		cpu, stopErr := s.stop()
		l.cpu, err = cpu, errors.Join(err, stopErr)
	}()
	l = load{sends: sends}
	began := time.Now()
	if err := sendAll(ctx, s.base, sends); err != nil {
		return l, err
	}
	l.took = time.Since(began)
	l.memory, err = peakMemory(s.cmd.Process.Pid)
	return l, err
}

// ready waits until the server answers, and makes the sender known.
func ready(ctx context.Context, base string) error {
	body := fmt.Sprintf(`{"appkey":%q,"plusFriendId":%q}`, nhnsim.DefaultAppkey, sender)
	for {
		err := post(ctx, base+"/_sim/senders", strings.NewReader(body))
		if err == nil || ctx.Err() != nil {
			return err
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// post fails unless the answer is a success.
func post(ctx context.Context, url string, body io.Reader) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(kakao.HeaderSecretKey, nhnsim.DefaultSecret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || bytes.Contains(answer, []byte(`"isSuccessful":false`)) {
		return fmt.Errorf("%s: HTTP %d: %.200s", url, resp.StatusCode, answer)
	}
	return nil
}

// sendAll hands over the sends, several at once.
func sendAll(ctx context.Context, base string, sends int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var group sync.WaitGroup
	url := base + "/friendtalk/v1.5/appkeys/" + nhnsim.DefaultAppkey + "/messages"
	for range sendsAtOnce {
		group.Go(func() {
			s := newSample()
			for n := next.Add(1); n <= int64(sends); n = next.Add(1) {
				if err := post(ctx, url, bytes.NewReader(s.send(int(n)))); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// sample is a send of a thousand recipients, 40 Hangul and one button each, about
// 0.4 KB, in which only digits change.
type sample struct {
	body    []byte
	numbers []int // where eight digits go
}

const digitsOfNumber = "00000000"

func newSample() *sample {
	var b strings.Builder
	fmt.Fprintf(&b, `{"plusFriendId":%q,"senderGroupingKey":"01JQ0000000000000000000000.1.1","createUser":"1","recipientList":[`, sender)
	for i := range perSend {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"recipientNo":"010%s","content":"%s님, %s","buttons":[{"ordering":1,"type":"WL","name":"자세히 보기",`+
			`"linkMo":"https://example.com/event","linkPc":"https://example.com/event"}],"isAd":true,"resendParameter":{"isResend":false},`+
			`"recipientGroupingKey":"01JQ0000000000000000000000.1.%d"}`, digitsOfNumber, digitsOfNumber, strings.Repeat("가나다라", 8), i)
	}
	b.WriteString(`]}`)
	s := &sample{body: []byte(b.String())}
	for at := 0; ; {
		i := bytes.Index(s.body[at:], []byte("010"+digitsOfNumber))
		if i < 0 {
			return s
		}
		at += i + len("010")
		s.numbers = append(s.numbers, at, at+bytes.Index(s.body[at:], []byte(`"content":"`))+len(`"content":"`))
		at += len(digitsOfNumber)
	}
}

// send is the n-th send, with numbers and names of its own. It is valid until the
// next one.
func (s *sample) send(n int) []byte {
	for i, at := range s.numbers {
		number := n*perSend + i/2
		for d := len(digitsOfNumber) - 1; d >= 0; d-- {
			s.body[at+d] = byte('0' + number%10)
			number /= 10
		}
	}
	return s.body
}

// Sink answers everything with as much as a send's answer has, having read the
// request.
func Sink(ctx context.Context, addr string) error {
	answer := []byte(`{"header":{"resultCode":0,"resultMessage":"SUCCESS","isSuccessful":true},"message":"` + strings.Repeat("-", 150*perSend) + `"}`)
	srv := &http.Server{Addr: addr, ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // who hangs up is not answered
		_, _ = w.Write(answer)
	})}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
