package actions_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/locale"
	"soshik/models"
)

// texts are those of a language.
func texts(t *testing.T, tag string) *locale.Locale {
	t.Helper()
	c, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c.Locale(tag)
}

func TestWhateverHappensToACallHasItsSentence(t *testing.T) {
	t.Parallel()
	ko := texts(t, "ko")
	for _, key := range []string{"refused", "busy", "resting", "status", "unreachable", "silent", "unreadable", "unknown_host", "certificate"} {
		if !ko.Has("provider." + key) {
			t.Errorf("provider.%s has no text", key)
		}
	}
}

func TestAnAnswerNamesTheValueThatIsWrong(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(header(kakao.CodeBlank)))
	}))
	t.Cleanup(server.Close)
	told := models.TextOf(testConnection(t, server.URL, nil))
	if got := texts(t, "en").T(told.Key, told.Args...); got != "A required value is empty. Please fill it in. NHN Cloud says: no" {
		t.Errorf("told %q", got)
	}
}

// broken is a connection that fails with err.
type broken struct{ err error }

func (b broken) RoundTrip(*http.Request) (*http.Response, error) { return nil, b.err }

func TestWhyThereIsNoAnswerIsToldInWords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"the host is unknown", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}, "provider.unknown_host"},
		{"the certificate is another's", &tls.CertificateVerificationError{Err: x509.HostnameError{}}, "provider.certificate"},
		{"nobody knows why", errors.New("broken pipe"), "provider.silent_read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := testConnection(t, "https://api.example.com", &http.Client{Transport: broken{tt.err}})
			if got := models.TextOf(err).Key; got != tt.want || models.KindOf(err) != models.Upstream {
				t.Errorf("told %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

func TestAnswersAreToldInWords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"a code that is explained", 200, header(kakao.CodeAppkeyDisabled), "api.-4005"},
		{"a code that is not", 200, header(-8888), "provider.refused"},
		{"an error of the server with a code", 500, header(kakao.CodeSystem), "api.-9999"},
		{"an error of the server", 502, "", "provider.status"},
		{"a redirect", 302, "", "provider.status"},
		{"a page of another site", 200, "<html>", "provider.unreadable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			t.Cleanup(server.Close)
			if got := models.TextOf(testConnection(t, server.URL, nil)).Key; got != tt.want {
				t.Errorf("told %q, want %q", got, tt.want)
			}
		})
	}
}

func header(code int) string {
	return fmt.Sprintf(`{"header":{"resultCode":%d,"resultMessage":"no","isSuccessful":false}}`, code)
}

// testConnection is what a test of the connection to baseURL says.
func testConnection(t *testing.T, baseURL string, client *http.Client) error {
	t.Helper()
	keeper, err := models.NewKeeper(models.NewSecretKey())
	if err != nil {
		t.Fatal(err)
	}
	s := &actions.Service{Provider: actions.NewProvider(keeper, 5*time.Second, client), Now: time.Now}
	_, err = s.TestConnection(t.Context(), models.Actor{}, models.NewAppkey{
		Appkey: "key", Secret: "secret", BaseURL: baseURL, SenderVersion: kakao.SenderAPIv21,
	})
	return err
}
