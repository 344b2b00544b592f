package actions

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"syscall"
	"time"

	"soshik/models"
)

const (
	fetchTimeout = 20 * time.Second
	maxRedirects = 3
)

// fetcher asks for images at the addresses that the provider tells. They are somebody
// else's word: nothing is asked for in our own network unless the provider's API is
// there too, and no other host is led to.
type fetcher struct {
	direct  *http.Transport
	proxied *http.Transport // asks a proxy, which decides by itself where it goes
}

func newFetcher(k models.Appkey) *fetcher {
	own := ""
	if base, err := url.Parse(k.BaseURL); err == nil {
		own = base.Hostname()
	}
	guarded := &net.Dialer{Timeout: fetchTimeout, Control: publicOnly}
	open := &net.Dialer{Timeout: fetchTimeout}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, _, err := net.SplitHostPort(address); err == nil && host == own {
			return open.DialContext(ctx, network, address)
		}
		return guarded.DialContext(ctx, network, address)
	}
	return &fetcher{
		direct:  &http.Transport{DialContext: dial, TLSHandshakeTimeout: fetchTimeout, ForceAttemptHTTP2: true},
		proxied: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: fetchTimeout},
	}
}

func (f *fetcher) close() {
	f.direct.CloseIdleConnections()
	f.proxied.CloseIdleConnections()
}

var errNotPublic = errors.New("not a public address")

// publicOnly refuses addresses that are not on the internet.
func publicOnly(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !public(at.Addr().Unmap()) {
		return errNotPublic
	}
	return nil
}

// notPublic are networks that are neither private by name nor on the internet, or that
// lead to addresses of another kind that may be private.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

// public reports whether an address is on the internet.
func public(ip netip.Addr) bool {
	inside := func(p netip.Prefix) bool { return p.Contains(ip) }
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !slices.ContainsFunc(notPublic, inside)
}

// fetch asks for an image of at most limit bytes, once. why it cannot be had is for
// people; it is the zero Text with the bytes.
func (f *fetcher) fetch(ctx context.Context, address string, limit int) (b []byte, why models.Text) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil || r.URL.Scheme != "http" && r.URL.Scheme != "https" || r.URL.Hostname() == "" {
		return nil, models.T("image.fetch.address")
	}
	resp, err := f.client(r).Do(r)
	if err != nil {
		return nil, models.T("image.fetch.unreachable", "Host", r.URL.Hostname())
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode != http.StatusOK:
		return nil, models.T("image.fetch.status", "Status", strconv.Itoa(resp.StatusCode))
	case resp.ContentLength > int64(limit):
		return nil, models.TooLargeImage(limit)
	}
	b, err = io.ReadAll(io.LimitReader(resp.Body, int64(limit)+1))
	switch {
	case len(b) > limit:
		return nil, models.TooLargeImage(limit)
	case err != nil:
		return nil, models.T("image.fetch.unreachable", "Host", r.URL.Hostname())
	}
	return b, models.Text{}
}

func (f *fetcher) client(r *http.Request) *http.Client {
	transport := f.direct
	if proxy, err := http.ProxyFromEnvironment(r); err == nil && proxy != nil {
		transport = f.proxied
	}
	return &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects || next.URL.Host != via[0].URL.Host {
			return http.ErrUseLastResponse // its status says that it leads elsewhere
		}
		return nil
	}}
}
