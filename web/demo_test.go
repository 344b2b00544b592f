package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"soshik/web"
)

// The simulated provider's control paths, which would give a stranger its keys, are
// not to be reached by way of the dashboard; what its phones receive is.
func TestDemoShowsThePhoneAndNotTheSimulator(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *web.Config) { c.Demo, c.ResultsEvery, c.SweepEvery = true, time.Hour, time.Hour })
	for _, path := range []string{"/_sim/", "/_sim/state", "/_sim/clock", "/demo/_sim/state", "/demo/phone/_sim/state", "/demo/phone/../_sim/state"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Sec-Fetch-Site", "same-origin")
			if got := s.do(t, req); got.status != http.StatusNotFound || strings.Contains(got.body, "demosecret") {
				t.Errorf("%s %s: %d", method, path, got.status)
			}
		}
	}
	s.get(t, "/demo/phone/").says(t, http.StatusOK, "모의 휴대폰", "아직 도착한 메시지가 없습니다")
	s.get(t, "/demo/phone/phone.css").says(t, http.StatusOK, "prefers-color-scheme")
}
