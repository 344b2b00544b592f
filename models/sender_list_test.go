package models_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/testdb"
	"soshik/models"
)

// office is a team with an appkey, to have senders.
type office struct {
	*models.DB
	team   models.Team
	appkey models.Appkey
	now    time.Time
}

func newOffice(t testing.TB) *office {
	t.Helper()
	o := &office{DB: testdb.Open(t), now: time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)}
	o.team = models.Team{Name: "팀", CreatedAt: o.now}
	if err := o.CreateTeam(t.Context(), &o.team); err != nil {
		t.Fatal(err)
	}
	o.appkey = o.addAppkey(t, "앱키")
	return o
}

func (o *office) addAppkey(t testing.TB, name string) models.Appkey {
	t.Helper()
	k := models.Appkey{TeamID: o.team.ID, Name: name, Appkey: name, Secret: []byte{1}, CreatedAt: o.now, UpdatedAt: o.now}
	if err := o.CreateAppkey(t.Context(), &k); err != nil {
		t.Fatal(err)
	}
	return k
}

// sender is a registered one in good order.
func (o *office) sender(name string) models.Sender {
	return models.Sender{
		AppkeyID: o.appkey.ID, PlusFriendID: name, SenderKey: fmt.Sprintf("%040x", len(name)), Status: kakao.SenderRegistered,
		KakaoStatus: kakao.KakaoStatusNormal, ProfileStatus: kakao.ProfileActivated, RefreshedAt: o.now, CreatedAt: o.now,
	}
}

func (o *office) save(t testing.TB, ss ...models.Sender) {
	t.Helper()
	if err := o.SaveSenders(t.Context(), ss); err != nil {
		t.Fatal(err)
	}
}

// list pages through what f lets through, size senders a page.
func (o *office) list(t testing.TB, f models.SenderFilter, size int) []string {
	t.Helper()
	var names []string
	for {
		ss, err := o.ListedSenders(t.Context(), o.appkey.ID, f, o.now, size)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range ss {
			names = append(names, s.PlusFriendID)
			f.After = s.ID
		}
		if len(ss) < size {
			return names
		}
	}
}

func TestListedSenders(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	good, blocked, dormant, inactive, gone, waiting, stale := o.sender("@봄봄상점"), o.sender("@가을_상점"), o.sender("@Dormant"), o.sender("@꺼진채널"),
		o.sender("@사라진100%"), o.sender("@기다림"), o.sender("@어제본곳")
	good.SenderKey, good.SentCount, good.RegisteredAt = "abcdef", 5, new(o.now.AddDate(0, 0, -3))
	blocked.Blocked, blocked.SentCount, blocked.RegisteredAt = true, 9, new(o.now.AddDate(0, 0, -1))
	dormant.Dormant, inactive.ProfileStatus, gone.GoneAt = true, kakao.ProfileDeactivated, &o.now
	waiting.Status, waiting.SenderKey, waiting.KakaoStatus, waiting.ProfileStatus = kakao.SenderWaiting, "", "", ""
	stale.SentCount, stale.RefreshedAt = 99, o.now.AddDate(0, 0, -1)
	o.save(t, good, blocked, dormant, inactive, gone, waiting, stale)
	other := o.sender("@봄봄상점")
	other.AppkeyID = o.addAppkey(t, "다른 앱키").ID
	o.save(t, other)
	tests := []struct {
		name   string
		filter models.SenderFilter
		want   []string
	}{
		{"a part of the name", models.SenderFilter{Name: "상점"}, []string{"@가을_상점", "@봄봄상점"}},
		{"the name in other letters", models.SenderFilter{Name: "dorMANT"}, []string{"@Dormant"}},
		{"an underscore is an underscore", models.SenderFilter{Name: "_"}, []string{"@가을_상점"}},
		{"a percent sign is a percent sign", models.SenderFilter{Name: "0%"}, []string{"@사라진100%"}},
		{"a backslash is a backslash", models.SenderFilter{Name: `\`}, nil},
		{"the beginning of the key", models.SenderFilter{Key: "abc"}, []string{"@봄봄상점"}},
		{"not the middle of the key", models.SenderFilter{Key: "bcd"}, nil},
		{"registered", models.SenderFilter{Group: models.SendersReady}, []string{"@봄봄상점", "@어제본곳"}},
		{"waiting", models.SenderFilter{Group: models.SendersWaiting}, []string{"@기다림"}},
		{"in trouble", models.SenderFilter{Group: models.SendersInTrouble}, []string{"@Dormant", "@가을_상점", "@꺼진채널", "@사라진100%"}},
		{"in trouble, with a name", models.SenderFilter{Group: models.SendersInTrouble, Name: "상점"}, []string{"@가을_상점"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := o.list(t, tt.filter, 1); !slices.Equal(got, tt.want) {
				t.Errorf("listed %q, want %q", got, tt.want)
			}
			if n, err := o.CountSenders(t.Context(), o.appkey.ID, tt.filter); err != nil || n != len(tt.want) {
				t.Errorf("counted %d %v, want %d", n, err, len(tt.want))
			}
		})
	}
	for _, sort := range models.SenderSorts() {
		for _, size := range []int{1, 2, 3, 7, 50} {
			got := o.list(t, models.SenderFilter{Sort: sort}, size)
			if whole := o.list(t, models.SenderFilter{Sort: sort}, 100); !slices.Equal(got, whole) || len(got) != 7 {
				t.Errorf("sorted by %q in pages of %d: %q, want %q", sort, size, got, whole)
			}
		}
	}
	if got := o.list(t, models.SenderFilter{Sort: models.SendersByCount}, 50); got[0] != "@가을_상점" || got[1] != "@봄봄상점" || got[6] != "@어제본곳" {
		t.Errorf("a count of yesterday is taken for today's: %q", got)
	}
	if got := o.list(t, models.SenderFilter{Sort: models.SendersByChecked}, 50); got[0] != "@어제본곳" {
		t.Errorf("the longest ago does not come first: %q", got)
	}
}

func TestSendersAreCountedByAppkey(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	blocked, gone, waiting := o.sender("@b"), o.sender("@c"), o.sender("@d")
	blocked.Blocked, gone.GoneAt, waiting.Status = true, &o.now, kakao.SenderWaiting
	o.save(t, o.sender("@a"), blocked, gone, waiting)
	counts, err := o.SenderCounts(t.Context(), o.team.ID)
	if err != nil {
		t.Fatal(err)
	}
	c := counts[o.appkey.ID]
	if c.Total != 4 || len(c.Troubles) != 3 || c.Troubles[models.SenderIsBlocked] != 1 || c.Troubles[models.SenderIsGone] != 1 || c.Troubles[models.SenderIsWaiting] != 1 {
		t.Errorf("counted %+v", c)
	}
}

func TestSinceWhenASenderIsInTroubleStaysWhileItIs(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	since := func() *time.Time {
		t.Helper()
		ss, err := o.Senders(t.Context(), o.appkey.ID)
		if err != nil || len(ss) != 1 {
			t.Fatal(ss, err)
		}
		return ss[0].TroubledAt
	}
	s := o.sender("@a")
	o.save(t, s)
	if since() != nil {
		t.Error("in trouble from the beginning")
	}
	first := o.now.Add(time.Hour)
	s.Dormant, s.RefreshedAt = true, first
	o.save(t, s)
	s.Blocked, s.RefreshedAt = true, first.Add(time.Hour)
	o.save(t, s)
	if got := since(); got == nil || !got.Equal(first) {
		t.Errorf("in trouble since %v, want %v", got, first)
	}
	s.Dormant, s.Blocked = false, false
	o.save(t, s)
	if since() != nil {
		t.Error("still in trouble")
	}
}

func TestTroubledSendersNameTheCampaignsInDanger(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	quiet, used, fine := o.sender("@quiet"), o.sender("@used"), o.sender("@fine")
	quiet.Blocked, used.Dormant = true, true
	quiet.RefreshedAt = o.now.Add(time.Hour) // newer, but nobody uses it
	o.save(t, quiet, used, fine)
	ids := map[string]int64{}
	ss, err := o.Senders(t.Context(), o.appkey.ID)
	must(t, err)
	for _, s := range ss {
		ids[s.PlusFriendID] = s.ID
	}
	for name, c := range map[string]models.Campaign{
		"예약":       {State: models.CampaignScheduled, SenderID: ids["@used"]},
		"예약한 초안":   {State: models.CampaignDraft, SenderID: ids["@used"], ScheduledAt: &o.now},
		"초안":       {State: models.CampaignDraft, SenderID: ids["@used"]},
		"끝난 것":     {State: models.CampaignFinished, SenderID: ids["@used"]},
		"무사한 것":    {State: models.CampaignSending, SenderID: ids["@fine"]},
		"보낸 곳이 없음": {State: models.CampaignHeld},
	} {
		c.TeamID, c.AppkeyID, c.Channel, c.ULID, c.Name = o.team.ID, o.appkey.ID, models.FriendTalk, models.NewToken(), name
		c.CreatedAt, c.UpdatedAt = o.now, o.now
		must(t, o.CreateCampaign(t.Context(), &c))
	}
	found, err := o.TroubledSenders(t.Context(), o.team.ID, 10)
	must(t, err)
	if len(found) != 2 || found[0].PlusFriendID != "@used" || found[1].PlusFriendID != "@quiet" || len(found[1].Endangers) != 0 {
		t.Fatalf("found %+v", found)
	}
	var names []string
	for _, c := range found[0].Endangers {
		names = append(names, c.Name)
	}
	if slices.Sort(names); !slices.Equal(names, []string{"예약", "예약한 초안"}) {
		t.Errorf("endangers %q", names)
	}
}

// manySenders are 10,000, a tenth of them in trouble, as the provider describes
// them, in words as long as its own.
func manySenders(t testing.TB) *office {
	t.Helper()
	o := newOffice(t)
	ss := make([]models.Sender, 10_000)
	for i := range ss {
		s := o.sender(fmt.Sprintf("@%s상점%05d", []string{"봄봄", "가을", "겨울", "하늘"}[i%4], i))
		s.SenderKey, s.RegisteredAt = fmt.Sprintf("%08x%032x", uint32(i)*2654435761, i), new(o.now.Add(-time.Duration(i)*time.Hour))
		s.SentCount, s.DailyMax, s.Blocked, s.Raw = i*7919%1000, 1000, i%10 == 0, strings.Repeat("x", 900)
		ss[i] = s
	}
	o.save(t, ss...)
	return o
}

// BenchmarkTenThousandSenders measures each question that a page of the list asks.
func BenchmarkTenThousandSenders(b *testing.B) {
	o := manySenders(b)
	for _, f := range []struct {
		name   string
		filter models.SenderFilter
	}{
		{"everything", models.SenderFilter{}},
		{"by name", models.SenderFilter{Name: "겨울상점09"}},
		{"no such name", models.SenderFilter{Name: "없는이름"}},
		{"by key", models.SenderFilter{Key: "9e37"}},
		{"in trouble", models.SenderFilter{Group: models.SendersInTrouble}},
		{"by registration", models.SenderFilter{Sort: models.SendersByRegistered}},
		{"by count, in the middle", models.SenderFilter{Sort: models.SendersByCount, After: 5000}},
		{"by last check", models.SenderFilter{Sort: models.SendersByChecked}},
	} {
		b.Run("list/"+f.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := o.ListedSenders(b.Context(), o.appkey.ID, f.filter, o.now, 51); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("count/"+f.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := o.CountSenders(b.Context(), o.appkey.ID, f.filter); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("overview counts", func(b *testing.B) {
		for b.Loop() {
			if _, err := o.SenderCounts(b.Context(), o.team.ID); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("overview troubles", func(b *testing.B) {
		for b.Loop() {
			if _, err := o.TroubledSenders(b.Context(), o.team.ID, 10); err != nil {
				b.Fatal(err)
			}
		}
	})
}
