package nhnsim_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
	"soshik/internal/nhn/nhnsim"
)

func TestTheStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	file := stateFile(t)
	cfg := exact()
	cfg.StateFile, cfg.FailedCallUsesKey, cfg.ImageBaseURL = file, true, "https://images.example"
	b := open(t, cfg)
	cfg.Now = b.clock.Now
	image, err := b.sim.AddImage(appkey, "a.jpg", false)
	must(t, err)
	req := plain()
	req.SenderGroupingKey, req.CreateUser = "g", "u"
	req.Recipients[0].ImageSeq, req.Recipients[0].ImageLink = image, "https://example.com"
	req.Recipients[0].Buttons = []nhn.Button{{Ordering: 1, Type: "WL", Name: "보기", LinkMo: "https://example.com"}}
	req.Recipients = append(req.Recipients, nhn.FriendTalkRecipient{RecipientNo: "01011110005", Content: "x"},
		nhn.FriendTalkRecipient{RecipientNo: "01011110001", Content: "다른\n\"글\"", RecipientGroupingKey: "k"})
	out, err := b.client.SendFriendTalk(t.Context(), req, "used")
	must(t, err)
	scheduled := b.send(t, noon.Add(time.Hour), number, "01055556666")
	must(t, b.client.CancelFriendTalk(t.Context(), scheduled, 1))
	_, _ = b.client.SendFriendTalk(t.Context(), &nhn.FriendTalkRequest{PlusFriendID: "@nobody", Recipients: req.Recipients}, "failed")
	b.Add(time.Minute)

	before := look(t, b, out.RequestID, scheduled)
	must(t, b.sim.Close())
	torn, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = torn.WriteString(`{"t":"send","k":"app","id":"2026`)
	must(t, errors.Join(err, torn.Close()))
	b.start(t, cfg)
	if diff := cmp.Diff(before, look(t, b, out.RequestID, scheduled)); diff != "" {
		t.Error(diff)
	}
	for _, key := range []string{"used", "failed"} {
		if _, err := b.client.SendFriendTalk(t.Context(), plain(), key); err == nil || !strings.Contains(err.Error(), "-1005") {
			t.Errorf("key %q is forgotten: %v", key, err)
		}
	}
	b.send(t, time.Time{}, number) // the torn line is gone, what follows is whole
	n := accepted(b)
	must(t, b.sim.Close())
	b.start(t, cfg)
	if accepted(b) != n || n != 5 {
		t.Errorf("accepted %d, then %d", n, accepted(b))
	}
}

// look is what the API and the simulator tell of everything.
func look(t *testing.T, b *bench, ids ...string) []any {
	t.Helper()
	var out []any
	for _, id := range ids {
		for msg, err := range b.client.AllFriendTalkMessages(t.Context(), nhn.FriendTalkQuery{RequestID: id}) {
			must(t, err)
			whole, err := b.client.FriendTalkMessage(t.Context(), id, msg.RecipientSeq)
			must(t, err)
			out = append(out, msg, *whole)
		}
	}
	senders, _, err := b.client.Senders(t.Context(), nhn.SenderFilter{})
	must(t, err)
	out = append(out, senders)
	for a := range b.sim.Accepted(appkey) {
		out = append(out, a)
	}
	for msg, err := range b.client.AllFriendTalkResults(t.Context(), noon, noon.Add(time.Hour)) {
		must(t, err)
		out = append(out, msg)
	}
	return out
}

func TestABrokenStateFileIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a line that is not JSON":       "{\"t\":\"appkey\",\"k\":\"a\",\"secret\":\"s\"}\nnonsense\n",
		"an entry of an unknown type":   "{\"t\":\"appkey\",\"k\":\"a\",\"secret\":\"s\"}\n{\"t\":\"x\",\"k\":\"a\"}\n",
		"an entry of an unknown appkey": "{\"t\":\"sender\",\"k\":\"a\",\"sender\":{}}\n",
		"columns of different lengths":  "{\"t\":\"appkey\",\"k\":\"a\",\"secret\":\"s\"}\n{\"t\":\"send\",\"k\":\"a\",\"send\":{\"no\":[\"1\"]}}\n",
		"a cancelled unknown request":   "{\"t\":\"appkey\",\"k\":\"a\",\"secret\":\"s\"}\n{\"t\":\"cancel\",\"k\":\"a\",\"id\":\"x\"}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "state")
			must(t, os.WriteFile(file, []byte(text), 0o600))
			if _, err := nhnsim.Open(nhnsim.Config{StateFile: file}); err == nil || !strings.Contains(err.Error(), "line ") {
				t.Errorf("opened: %v", err)
			}
		})
	}
}

func TestWhatIsNotWrittenIsNotAccepted(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{StateFile: stateFile(t)})
	must(t, b.sim.Close())
	if got := b.do(t, "POST", talk+"/messages", body(t, nil, nil)); got.code() != kakao.CodeSystem || accepted(b) != 0 {
		t.Errorf("answered %v, accepted %d", got, accepted(b))
	}
}

func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{StateFile: stateFile(t)})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				id := b.send(t, noon.Add(time.Hour), number, "01012340001")
				if err := b.client.CancelFriendTalk(t.Context(), id, 2); err != nil {
					t.Error(err)
				}
				b.Add(time.Second)
				for _, err := range b.client.AllFriendTalkResults(t.Context(), noon, noon.Add(time.Hour)) {
					must(t, err)
				}
				if _, _, err := b.client.Senders(t.Context(), nhn.SenderFilter{}); err != nil {
					t.Error(err)
				}
				b.sim.Received()
				b.sim.SetFaults(nhnsim.Faults{})
			}
		})
	}
	wg.Wait()
	if s := b.sim.Stats(); s.Accepted != 160 || s.Cancelled != 80 || accepted(b) != 160 {
		t.Errorf("stats are %+v", s)
	}
}

func TestAStateFileHasOneSimulator(t *testing.T) {
	t.Parallel()
	cfg := nhnsim.Config{StateFile: stateFile(t)}
	first, err := nhnsim.Open(cfg)
	must(t, err)
	if _, err := nhnsim.Open(cfg); !errors.Is(err, nhnsim.ErrInUse) {
		t.Errorf("a second one: %v", err)
	}
	must(t, first.Close())
	again, err := nhnsim.Open(cfg)
	must(t, err)
	must(t, again.Close())
}
