package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
)

// checked is what "soshik sim check" says of a server, and its exit code.
func checked(t *testing.T, url, secret string, flags ...string) (said string, code int) {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p := exec.CommandContext(ctx, self, append([]string{"sim", "check", "--url", url, "--appkey", "a1"}, flags...)...)
	p.Env = append(os.Environ(), runVariable+"=1", "SOSHIK_SECRET="+secret)
	var out bytes.Buffer
	p.Stdout, p.Stderr = &out, &out
	_ = p.Run() // its exit code tells
	if strings.Contains(out.String(), secret) {
		t.Errorf("the secret key is told:\n%s", &out)
	}
	return out.String(), p.ProcessState.ExitCode()
}

// checkedSim is a simulator to be checked, by whose clock it is day.
func checkedSim(t *testing.T, cfg nhnsim.Config) http.Handler {
	t.Helper()
	offset := kakao.DayOffset(time.Now())
	cfg.Now = func() time.Time { return time.Now().Add(offset) }
	sim, err := nhnsim.Open(cfg)
	must(t, err)
	t.Cleanup(func() { _ = sim.Close() })
	must(t, sim.Seed("a1", "key-of-the-check"))
	return sim
}

func TestSimCheck(t *testing.T) {
	t.Parallel()
	says := func(body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	}
	for name, test := range map[string]struct {
		server http.Handler
		secret string
		flags  []string
		code   int
		says   []string
	}{
		"a simulator, reading": {checkedSim(t, nhnsim.Config{}), "key-of-the-check", nil, 0, []string{
			"\nok        5  a sender is read by its key (v2.1)\n", "\nok       20  BrandTalk messages are listed by their request's date             0 of 0 messages\n", " 0 failed, 5 skipped, 0 ended\n",
		}},
		"a simulator, writing": {checkedSim(t, nhnsim.Config{}), "key-of-the-check", []string{"--write", "--to", "01012345678,01087654321"}, 0, []string{
			"\nok       30  an image is uploaded\n", "\nok       22  what is scheduled by BrandTalk is cancelled\n", " 0 failed, 0 skipped, 0 ended\n",
		}},
		"one version": {checkedSim(t, nhnsim.Config{}), "key-of-the-check", []string{"--sender-version", "v2.0"}, 0, []string{"ok       15  ", " 0 failed, "}},
		"FriendTalk without its header": {checkedSim(t, nhnsim.Config{RequireConvert: true}), "key-of-the-check", []string{"--write", "--to", "01012345678"}, 0, []string{
			"\nended    25  a message is sent", " 0 failed, ",
		}},
		"FriendTalk with its header": {checkedSim(t, nhnsim.Config{RequireConvert: true}), "key-of-the-check", []string{"--write", "--to", "01012345678", "--convert-to-brand"}, 0, []string{
			" 0 failed, 1 skipped, 0 ended", "there is one recipient only",
		}},
		"another secret key":           {checkedSim(t, nhnsim.Config{}), "another-key", nil, 1, []string{"failed    6  the senders are listed (v2.1)", "expected success, got -1001 Invalid secretKey.", "soshik: the server does not do what it should"}},
		"nonsense":                     {says("<html>"), "key-of-the-check", nil, 1, []string{"failed    6  ", "answer is not what the API answers", "skipped  ", " 0 ok, 1 failed, 51 skipped"}},
		"one that says yes to all":     {says(`{"header":{"resultCode":0,"resultMessage":"","isSuccessful":true},"senders":[],"totalCount":0}`), "key-of-the-check", nil, 1, []string{"failed    6  a wrong secret key is refused (v2.1)", "expected result code -1001, got success"}},
		"a number to send to, reading": {says(""), "key-of-the-check", []string{"--to", "01012345678"}, 80, []string{"--to, --register and --sms-appkey need --write"}},
		"a channel without its phone":  {says(""), "key-of-the-check", []string{"--write", "--register", "@a"}, 80, []string{"--register and --phone go together"}},
		"a version that is none":       {says(""), "key-of-the-check", []string{"--sender-version", "v3"}, 80, []string{"--sender-version must be one of"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.server)
			t.Cleanup(server.Close)
			got, code := checked(t, server.URL, test.secret, test.flags...)
			if code != test.code {
				t.Errorf("exit code %d", code)
			}
			for _, want := range test.says {
				if !strings.Contains(got, want) {
					t.Errorf("%q is missing", want)
				}
			}
			if t.Failed() {
				t.Log(got)
			}
		})
	}
}

func TestSimCheckOfNobody(t *testing.T) {
	t.Parallel()
	got, code := checked(t, "http://"+freeAddress(t), "key-of-the-check")
	if code != 1 || !strings.Contains(got, "no connection") {
		t.Errorf("exit code %d:\n%s", code, got)
	}
}
