package nhnsim_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
)

// BenchmarkSendBrandTalk hands over requests of a thousand recipients, 40 Hangul and a
// button each with two variables, with the state kept in a file. FriendTalk's requests
// of the same size go the same way beside it.
func BenchmarkSendBrandTalk(b *testing.B) {
	for name, test := range map[string]struct{ path, body string }{
		"brandtalk":  {brand + "/messages", thousandBrand(b)},
		"friendtalk": {talk + "/messages", thousandFriend(b)},
	} {
		b.Run(name, func(b *testing.B) {
			h := open(b, nhnsim.Config{StateFile: stateFile(b)})
			h.template(b, m{"templateContent": "#{이름}님, 가나다라마바사아자차카타파하가나다라마바사아자차카타파하", "buttons": []m{{"type": "WL", "name": "자세히 보기", "linkMo": "https://example.com/#{코드}"}}})
			before := heap()
			b.ReportAllocs()
			for b.Loop() {
				w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, test.path, strings.NewReader(test.body))
				r.Header.Set(kakao.HeaderSecretKey, secret)
				r.Header.Set("Content-Type", "application/json")
				h.sim.ServeHTTP(w, r)
				if !strings.Contains(w.Body.String(), `"isSuccessful":true`) {
					b.Fatal(w.Body)
				}
			}
			b.ReportMetric(h.sim.Stats().BusySeconds/float64(b.N)*1e6/1000, "µs-in-sim/recipient")
			b.ReportMetric(float64(heap()-before)/float64(b.N)/1000, "bytes-kept/recipient")
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

func thousandBrand(b *testing.B) string {
	b.Helper()
	list := make([]m, 1000)
	for i := range list {
		list[i] = m{
			"recipientNo": fmt.Sprintf("010%08d", 10_000_000+i), "recipientGroupingKey": fmt.Sprintf("01JQ0000000000000000000000.1.%d", i),
			"templateParameter": m{"이름": "홍길동", "코드": fmt.Sprintf("c%06d", i)},
		}
	}
	return brandBody(b, m{"recipientList": list}, nil)
}

func thousandFriend(b *testing.B) string {
	b.Helper()
	var list []m
	for _, to := range thousand().Recipients {
		list = append(list, m{
			"recipientNo": to.RecipientNo, "recipientGroupingKey": to.RecipientGroupingKey, "content": to.Content,
			"buttons": to.Buttons, "isAd": false, "resendParameter": m{"isResend": true},
		})
	}
	return body(b, m{"recipientList": list}, nil)
}
