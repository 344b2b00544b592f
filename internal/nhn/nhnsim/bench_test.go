package nhnsim_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"soshik/internal/nhn"
	"soshik/internal/nhn/nhnsim"
)

// BenchmarkSend hands over requests of a thousand recipients, 40 Hangul and a button
// each, through the client and over HTTP, with the state kept in a file.
func BenchmarkSend(b *testing.B) {
	h := open(b, nhnsim.Config{StateFile: stateFile(b)})
	req := thousand()
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := h.client.SendFriendTalk(b.Context(), req, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "recipients/s")
	b.ReportMetric(h.sim.Stats().BusySeconds/float64(b.N)*1e6/1000, "µs-in-sim/recipient")
}

func thousand() *nhn.FriendTalkRequest {
	req := &nhn.FriendTalkRequest{PlusFriendID: from, SenderGroupingKey: "01JQ0000000000000000000000.1.1"}
	for i := range 1000 {
		req.Recipients = append(req.Recipients, nhn.FriendTalkRecipient{
			RecipientNo: fmt.Sprintf("010%08d", 10_000_000+i), RecipientGroupingKey: fmt.Sprintf("01JQ0000000000000000000000.1.%d", i),
			Content: "가나다라마바사아자차카타파하가나다라마바사아자차카타파하가나다라마바사아자차카타",
			Buttons: []nhn.Button{{Ordering: 1, Type: "WL", Name: "자세히 보기", LinkMo: "https://example.com/event", LinkPC: "https://example.com/event"}},
			Resend:  &nhn.ResendParameter{IsResend: true},
		})
	}
	return req
}

// BenchmarkResults reads the results of 200,000 messages, all pages.
func BenchmarkResults(b *testing.B) {
	h := open(b, nhnsim.Config{})
	req := thousand()
	for range 200 {
		if _, err := h.client.SendFriendTalk(b.Context(), req, ""); err != nil {
			b.Fatal(err)
		}
	}
	h.Add(time.Minute)
	n := 0
	for b.Loop() {
		for _, err := range h.client.AllFriendTalkResults(b.Context(), noon, noon.Add(time.Minute)) {
			must(b, err)
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "results/s")
}

// BenchmarkOpen replays a journal of 200,000 messages.
func BenchmarkOpen(b *testing.B) {
	file := stateFile(b)
	h := open(b, nhnsim.Config{StateFile: file})
	req := thousand()
	for range 200 {
		if _, err := h.client.SendFriendTalk(b.Context(), req, ""); err != nil {
			b.Fatal(err)
		}
	}
	must(b, h.sim.Close())
	info, err := os.Stat(file)
	must(b, err)
	for b.Loop() {
		s, err := nhnsim.Open(nhnsim.Config{StateFile: file})
		must(b, err)
		must(b, s.Close())
	}
	b.ReportMetric(200_000*float64(b.N)/b.Elapsed().Seconds(), "recipients/s")
	b.ReportMetric(float64(info.Size())/200_000, "bytes/recipient")
}
