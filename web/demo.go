package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"soshik/internal/actions"
	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
	"soshik/models"
	"soshik/views"
)

// The demo's provider account, and the password of all of its people.
const (
	demoAppkey   = "demoappkey"
	demoSecret   = "demosecret"
	demoPassword = "soshik-demo"
	demoSender   = "@봄봄상점"
	demoGroup    = "전국 매장"
)

// demoPeople are those who can sign in to a demo, by role.
func demoPeople() []models.NewUser {
	return []models.NewUser{
		{Email: "admin@demo.example", Name: "김지우", Role: models.Admin},
		{Email: "approver@demo.example", Name: "박서준", Role: models.Approver},
		{Email: "marketer@demo.example", Name: "이하윤", Role: models.Marketer},
		{Email: "viewer@demo.example", Name: "최도현", Role: models.Viewer},
	}
}

// demo is the simulated provider inside the process, with a server of its own on
// this machine.
type demo struct {
	sim    *nhnsim.Sim
	ln     net.Listener
	server *http.Server
}

// startDemo starts the simulated provider with its state in the data folder.
func startDemo(ctx context.Context, cfg Config, log *slog.Logger) (*demo, error) {
	sim, err := nhnsim.Open(nhnsim.Config{StateFile: filepath.Join(cfg.DataDir, "provider.jsonl"), Now: cfg.now(), Log: log, FailureRate: 0.02, NoControl: true})
	if err != nil {
		return nil, fmt.Errorf("simulated provider: %w", err)
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, sim.Close())
	}
	d := &demo{sim: sim, ln: ln, server: &http.Server{Handler: sim, ReadHeaderTimeout: 5 * time.Second}}
	go func() { _ = d.server.Serve(ln) }() // ends with close
	return d, nil
}

func (d *demo) url() string { return "http://" + d.ln.Addr().String() }

func (d *demo) close() error { return errors.Join(d.server.Close(), d.sim.Close()) }

// seed makes what the demo begins with, unless it is there, and points the demo's
// appkey to where the simulated provider is to be found this time.
func (d *demo) seed(ctx context.Context, s *actions.Service) error {
	if err := d.seedProvider(); err != nil {
		return err
	}
	appkey := models.NewAppkey{
		Name: "쇼핑몰 알림", Appkey: demoAppkey, Secret: demoSecret, BaseURL: d.url(), SenderVersion: kakao.SenderAPIv21, ConvertToBrand: true,
	}
	if err := s.SeedDemo(ctx, "봄봄상점", demoPeople(), demoPassword, appkey); err != nil {
		return err
	}
	return errors.Join(d.seedGroup(ctx, s), d.seedImages(ctx, s), d.seedTemplates(ctx, s))
}

// appkey is the demo's; found is false if somebody has changed it.
func (d *demo) appkey(ctx context.Context, s *actions.Service) (k models.Appkey, found bool, err error) {
	ks, err := s.DB.AllAppkeys(ctx)
	if err != nil {
		return k, false, err
	}
	i := slices.IndexFunc(ks, func(k models.Appkey) bool { return k.Appkey == demoAppkey })
	if i < 0 {
		return k, false, nil
	}
	return ks[i], true, nil
}

// seedGroup makes the demo's group known, unless there is one: in a demo there is no
// console to find a group's key in.
func (d *demo) seedGroup(ctx context.Context, s *actions.Service) error {
	k, found, err := d.appkey(ctx, s)
	if err != nil || !found {
		return err
	}
	known, err := s.DB.SenderGroups(ctx, k.ID)
	if err != nil || len(known) > 0 {
		return err
	}
	g, err := d.sim.AddGroup(demoAppkey, nhnsim.Group{Name: demoGroup})
	if err != nil {
		return err
	}
	_, err = s.AddGroup(ctx, models.Actor{}, k, g.SenderKey)
	return err
}

// seedImages uploads the demo's images, unless that has been done: then they have been
// listed too.
func (d *demo) seedImages(ctx context.Context, s *actions.Service) error {
	k, found, err := d.appkey(ctx, s)
	if err != nil || !found {
		return err
	}
	listing, err := s.DB.ImageListing(ctx, k.ID)
	if err != nil || listing.AppkeyID != 0 {
		return err
	}
	by, err := demoMarketer(ctx, s)
	if err != nil {
		return err
	}
	for _, im := range demoImages() {
		b, err := im.draw()
		if err != nil {
			return fmt.Errorf("draw %s: %w", im.name, err)
		}
		if _, err := s.UploadImage(ctx, by, k, im.name, b, im.wide); err != nil {
			return fmt.Errorf("upload %s: %w", im.name, err)
		}
	}
	if err := s.AskListing(ctx, models.Actor{}, k); err != nil {
		return err
	}
	return s.RunListing(ctx, k.ID) // the job that was asked for finds nothing to do
}

// demoMarketer is the person who has done what the demo begins with; the program, if
// they are gone.
func demoMarketer(ctx context.Context, s *actions.Service) (by models.Actor, err error) {
	for _, p := range demoPeople() {
		if p.Role != models.Marketer {
			continue
		}
		u, err := s.DB.UserByEmail(ctx, p.Email)
		switch {
		case models.KindOf(err) == models.NotFound:
			return by, nil
		case err != nil:
			return by, err
		}
		return models.Actor{User: u, Role: p.Role}, nil
	}
	return by, nil
}

func (d *demo) seedProvider() error {
	if err := d.sim.AddAppkey(demoAppkey, demoSecret); err != nil {
		return err
	}
	if err := d.sim.SetSMSAppkey(demoAppkey, "demosms"); err != nil {
		return err
	}
	_, err := d.sim.AddSender(demoAppkey, nhnsim.Sender{
		PlusFriendID: demoSender, PhoneNo: "01012345678", Registered: true, DailyMax: 200_000,
		Fallback: nhnsim.Fallback{IsResend: true, SendNo: "0212345678", UnsubscribeNo: "0801234567"},
	})
	return err
}

// demoClock moves the demo's clock on where it is night in Korea, so that there is
// something to see. The offset is kept: what has happened in a demo stays in the
// past.
func demoClock(cfg *Config) error {
	file := filepath.Join(cfg.DataDir, "demo.json")
	var kept struct {
		ClockOffset time.Duration `json:"clock_offset_ns"`
	}
	text, err := os.ReadFile(file) //nolint:gosec // in our own folder
	if err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("demo's clock: %w", err)
	}
	cfg.ClockOffset += kept.ClockOffset
	if now := time.Now().Add(cfg.ClockOffset); kakao.Night(now) || kakao.Night(now.Add(time.Hour)) {
		kept.ClockOffset += kakao.DayOffset(now)
		cfg.ClockOffset += kakao.DayOffset(now)
	}
	if text, err = json.Marshal(kept); err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o600)
}

// demoView is what the pages say about the demo.
func demoView(cfg Config) views.Demo {
	return views.Demo{On: cfg.Demo, PhoneURL: "/demo/phone/", Shifted: cfg.ClockOffset != 0}
}

// announceDemo prints where to go and who can sign in.
func (a *App) announceDemo(url string) {
	_, port, err := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	if err == nil {
		url = "http://localhost:" + port
	}
	text := "\n  소식 demo: " + url + "\n\n"
	for _, p := range demoPeople() {
		text += fmt.Sprintf("  %-9s %-24s %s\n", p.Role, p.Email, demoPassword)
	}
	fmt.Fprintln(a.cfg.Out, text+"\n  The provider is simulated: nothing is really sent. Its phone: "+url+"/demo/phone/\n")
}
