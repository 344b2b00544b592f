package web_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
	"soshik/web"
)

// with is form with one field changed.
func with(form url.Values, field, value string) url.Values {
	changed := url.Values{}
	for k, v := range form {
		changed[k] = v
	}
	changed.Set(field, value)
	return changed
}

func TestAppkeyIsAddedWithItsSecretSealed(t *testing.T) {
	t.Parallel()
	s, _, k := newAppkeySite(t)
	if bytes.Contains(k.Secret, []byte(testSecret)) || len(k.Secret) == 0 {
		t.Error("the secret key is stored readable")
	}
	if !k.ConvertToBrand || k.SenderVersion != kakao.SenderAPIv21 || k.RatePerSecond != models.DefaultRate {
		t.Errorf("stored as %+v", k)
	}
	list := s.get(t, "/teams/1/appkeys")
	list.says(t, http.StatusOK, "쇼핑몰 알림", "bomb••••0001", "발신 프로필 0개")
	list.keepsQuiet(t, testAppkey, testSecret)
	s.get(t, "/appkeys/1/settings").keepsQuiet(t, testSecret, testAppkey)

	created := s.audited(t, "appkey.create")
	if len(created) != 1 || created[0].ObjectName != "쇼핑몰 알림" || created[0].AppkeyID != k.ID {
		t.Fatalf("audited as %+v", created)
	}
	if all, err := json.Marshal(created); err != nil || strings.Contains(string(all), testSecret) {
		t.Error("the audit log has the secret key", err)
	}
}

func TestAppkeysOfAnEmptyTeam(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	s.get(t, "/teams/1/appkeys").says(t, http.StatusOK, "아직 앱키가 없습니다", `href="/teams/1/appkeys/new"`)
	viewer := s.as(t, s.addUser(t, "viewer@example.com", models.Viewer).ID)
	viewer.get(t, "/teams/1/appkeys").keepsQuiet(t, `href="/teams/1/appkeys/new"`)
}

func TestNewAppkeyBadInput(t *testing.T) {
	t.Parallel()
	s := newSite(t, idle)
	s.setUp(t)
	good := appkeyForm("")
	tests := []struct {
		name  string
		form  url.Values
		marks []string
	}{
		{"nothing typed", url.Values{}, []string{"name", "appkey", "secret", "sender_version"}},
		{"a name too long", with(good, "name", strings.Repeat("가", models.MaxName+1)), []string{"name"}},
		{"an appkey with a space inside", with(good, "appkey", "ab cd"), []string{"appkey"}},
		{"an appkey that would leave the path", with(good, "appkey", "a/b"), []string{"appkey"}},
		{"a secret key with Hangul", with(good, "secret", "비밀"), []string{"secret"}},
		{"an address without https", with(good, "base_url", "http://api.example.com"), []string{"base_url"}},
		{"an address with a query", with(good, "base_url", "https://api.example.com/?a=b"), []string{"base_url"}},
		{"no address at all", with(good, "base_url", "somewhere"), []string{"base_url"}},
		{"an unknown version", with(good, "sender_version", "v9"), []string{"sender_version"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := s.post(t, "/teams/1/appkeys/new", tt.form)
			got.marks(t, tt.marks...)
			got.keepsQuiet(t, testSecret)
			if name := tt.form.Get("name"); name != "" && !strings.Contains(got.body, `value="`+name+`"`) {
				t.Error("the name that was typed is gone")
			}
		})
	}
}

func TestAppkeyThatExistsIsToldBesideItsField(t *testing.T) {
	t.Parallel()
	s, _, _ := newAppkeySite(t)
	again := s.post(t, "/teams/1/appkeys/new", appkeyForm(""))
	again.marks(t, "name", "appkey")
	again.says(t, http.StatusUnprocessableEntity, "이 팀에 이미 등록된 앱키입니다.")
	s.post(t, "/teams/1/appkeys/new", with(appkeyForm(""), "appkey", "another")).marks(t, "name")
}

func TestConnectionTestSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	sim, baseURL := newProvider(t)
	if _, err := sim.AddSender(testAppkey, nhnsim.Sender{PlusFriendID: "@봄봄상점", Registered: true}); err != nil {
		t.Fatal(err)
	}
	answering := func(status int, body string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	s := newSite(t, idle)
	s.setUp(t)
	good := with(appkeyForm(baseURL), "test", "1")
	tests := []struct {
		name   string
		form   url.Values
		status int
		says   string
	}{
		{"everything is right", good, http.StatusOK, "연결되었습니다. 이 앱키의 발신 프로필은 1개입니다."},
		{"without a name yet", with(good, "name", ""), http.StatusOK, "연결되었습니다."},
		{"an unknown appkey", with(good, "appkey", "nobody"), http.StatusUnprocessableEntity, "앱키가 맞지 않습니다."},
		{"a wrong secret key", with(good, "secret", "guess"), http.StatusUnprocessableEntity, "비밀 키가 맞지 않습니다."},
		{"nobody listens", with(good, "base_url", closedProvider(t)), http.StatusUnprocessableEntity, "NHN Cloud에 연결할 수 없습니다."},
		{"the provider is down", with(good, "base_url", answering(503, "")), http.StatusUnprocessableEntity, "HTTP 503"},
		{"too many requests", with(good, "base_url", answering(429, "")), http.StatusUnprocessableEntity, "요청이 너무 많습니다"},
		{"another website", with(good, "base_url", answering(200, "<html>")), http.StatusUnprocessableEntity, "응답이 NHN Cloud API의 형식이 아닙니다."},
		{"no secret key typed", with(good, "secret", ""), http.StatusUnprocessableEntity, "비밀 키: 입력해 주세요."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := s.post(t, "/teams/1/appkeys/new", tt.form)
			got.says(t, tt.status, tt.says, `value="`+tt.form.Get("appkey")+`"`)
			got.keepsQuiet(t, testSecret)
		})
	}
	t.Cleanup(func() {
		if saved := s.audited(t, "appkey.create"); len(saved) > 0 {
			t.Errorf("a test has saved %+v", saved)
		}
	})
}

func TestConnectionTestByHTMXLeavesTheFormAlone(t *testing.T) {
	t.Parallel()
	_, baseURL := newProvider(t)
	s := newSite(t, idle)
	s.setUp(t)
	req := formRequest(t, s.url+"/teams/1/appkeys/new", with(appkeyForm(baseURL), "test", "1"))
	req.Header.Set("HX-Request", "true")
	req.Header.Set("HX-Request-Type", "partial")
	got := s.do(t, req)
	got.says(t, http.StatusOK, "연결되었습니다.")
	got.keepsQuiet(t, "<form", "<html")
}

func TestSlowProviderIsGivenUp(t *testing.T) {
	t.Parallel()
	sim, baseURL := newProvider(t)
	s := newSite(t, idle, func(c *web.Config) { c.CallTimeout = 100 * time.Millisecond })
	s.setUp(t)
	s.addAppkey(t, baseURL)
	sim.SetFaults(nhnsim.Faults{Rules: []nhnsim.Fault{{Kind: nhnsim.FaultTimeoutAfter}}})
	s.post(t, "/appkeys/1/test", nil).says(t, http.StatusUnprocessableEntity, "NHN Cloud가 제때 응답하지 않았습니다.")
}

func settingsForm(baseURL string) url.Values {
	return url.Values{"name": {"새 이름"}, "base_url": {baseURL}, "sender_version": {kakao.SenderAPIv20}, "rate": {"20"}}
}

func TestAppkeyIsChanged(t *testing.T) {
	t.Parallel()
	s, _, k := newAppkeySite(t)
	s.post(t, "/appkeys/1/settings", settingsForm(k.BaseURL)).says(t, http.StatusOK, "앱키 설정을 저장했습니다.", `value="새 이름"`)
	changed, err := s.DB.Appkey(t.Context(), k.ID)
	if err != nil {
		t.Fatal(err)
	}
	if changed.ConvertToBrand || changed.SenderVersion != kakao.SenderAPIv20 || changed.RatePerSecond != 20 || !bytes.Equal(changed.Secret, k.Secret) {
		t.Errorf("stored as %+v", changed)
	}
	s.post(t, "/appkeys/1/test", nil).says(t, http.StatusOK, "연결되었습니다.")

	s.post(t, "/appkeys/1/settings", with(settingsForm(k.BaseURL), "secret", "another")).says(t, http.StatusOK)
	s.post(t, "/appkeys/1/test", nil).says(t, http.StatusUnprocessableEntity, "비밀 키가 맞지 않습니다.")
	logs := s.audited(t, "appkey.update")
	if len(logs) != 2 || !strings.Contains(logs[0].After, `"secret_changed":true`) || strings.Contains(logs[0].After, "another") || !strings.Contains(logs[1].Before, "쇼핑몰 알림") {
		t.Errorf("audited as %+v", logs)
	}
}

func TestAppkeySettingsBadInput(t *testing.T) {
	t.Parallel()
	s, _, k := newAppkeySite(t)
	s.post(t, "/teams/1/appkeys/new", with(with(appkeyForm(""), "name", "둘째"), "appkey", "second"))
	good := settingsForm(k.BaseURL)
	tests := []struct {
		name  string
		form  url.Values
		marks []string
	}{
		{"nothing typed", url.Values{}, []string{"name", "secret", "sender_version", "rate"}},
		{"a rate above the provider's", with(good, "rate", "301"), []string{"rate"}},
		{"a rate that is no number", with(good, "rate", "fast"), []string{"rate"}},
		{"another address without the secret key", with(good, "base_url", "https://elsewhere.example"), []string{"secret"}},
		{"the name of another appkey", with(good, "name", "둘째"), []string{"name"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s.post(t, "/appkeys/1/settings", tt.form).marks(t, tt.marks...)
		})
	}
}
