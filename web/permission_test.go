package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/handlers"
	"soshik/internal/kakao"
	"soshik/models"
	"soshik/web"
)

// person is somebody who tries every route.
type person struct {
	name     string
	user     models.User // zero: nobody
	role     models.Role // in team 1
	stranger bool        // an admin, but of another team
}

// persons are one of each kind.
func (s *site) persons(t *testing.T) []person {
	t.Helper()
	found := []person{{name: "nobody"}}
	for _, role := range models.Roles() {
		found = append(found, person{name: string(role), user: s.addUser(t, string(role)+"@example.com", role), role: role})
	}
	stranger := s.addUser(t, "stranger@example.com", "")
	err := s.DB.Tx(t.Context(), func(tx *models.DB) error {
		team := models.Team{Name: "다른 팀"}
		if err := tx.CreateTeam(t.Context(), &team); err != nil {
			return err
		}
		return tx.CreateMember(t.Context(), &models.Member{TeamID: team.ID, UserID: stranger.ID, Role: models.Admin})
	})
	if err != nil {
		t.Fatal(err)
	}
	admin, err := s.DB.User(t.Context(), 1) // the first admin looks after the installation
	if err != nil || !admin.InstanceAdmin {
		t.Fatal(admin, err)
	}
	return append(found, person{name: "another team's admin", user: stranger, stranger: true}, person{name: "instance admin", user: admin})
}

// things makes a fresh thing of team 1 for each parameter of a route, so that no
// request meets what one before it has changed. A route with a parameter that is
// not here fails the test: whoever adds one says here what it names.
func (s *site) things(t *testing.T, appkey models.Appkey) map[string]func() string {
	t.Helper()
	n, latest := 0, models.Campaign{} // what is below a campaign is of the one made last
	group := models.SenderGroup{}     // and so with a group
	next := func() int { n++; return n }
	return map[string]func() string{
		"team": func() string {
			latest = models.Campaign{} // an import of the team is for none
			return "1"
		},
		"appkey": func() string { return fmt.Sprint(appkey.ID) },
		"token":  models.NewToken,
		"user": func() string {
			return fmt.Sprint(s.addUser(t, fmt.Sprintf("member%d@example.com", next()), models.Viewer).ID)
		},
		"sender": func() string {
			sender := models.Sender{AppkeyID: appkey.ID, PlusFriendID: fmt.Sprintf("@sender%d", next()), Status: kakao.SenderWaiting}
			if err := s.DB.PutWaitingSender(t.Context(), &sender); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(sender.ID)
		},
		"campaign": func() string {
			latest = s.thing(t, appkey)
			return fmt.Sprint(latest.ID)
		},
		"rows": func() string { return models.RowNoValue },
		"import": func() string {
			i := models.Import{TeamID: appkey.TeamID, CampaignID: latest.ID, State: models.ImportFailed, Problem: "import.failed", Mapping: []string{}}
			if err := s.DB.CreateImport(t.Context(), &i); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(i.ID)
		},
		"suppression": func() string {
			sup := models.Suppression{TeamID: appkey.TeamID, Phone: fmt.Sprintf("0103000%04d", next()), Source: models.SuppressedByHand, Reason: "전화로 요청"}
			err := s.DB.Tx(t.Context(), func(tx *models.DB) error {
				_, err := tx.Suppress(t.Context(), []models.Suppression{sup})
				return err
			})
			found, _, readErr := s.DB.ActiveSuppression(t.Context(), appkey.TeamID, []string{sup.Phone})
			if err != nil || readErr != nil {
				t.Fatal(err, readErr)
			}
			return fmt.Sprint(found.ID)
		},
		"audience": func() string {
			a := models.Audience{TeamID: appkey.TeamID, Name: fmt.Sprint("목록 ", next()), Source: models.SourceFile}
			if err := s.DB.CreateAudience(t.Context(), &a); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(a.ID)
		},
		"recall": func() string {
			r := models.Recall{CampaignID: latest.ID, Kind: models.RecallBatches}
			if err := s.DB.CreateRecall(t.Context(), &r); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(r.ID)
		},
		"work": func() string {
			w := models.AudienceWork{TeamID: appkey.TeamID, AudienceID: int64(next()) + 1000, Kind: models.WorkAppend, Sources: []models.Source{}, State: models.WorkDone}
			if err := s.DB.CreateAudienceWork(t.Context(), &w); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(w.ID)
		},
		"test_number": func() string {
			number := models.TestNumber{TeamID: appkey.TeamID, Phone: fmt.Sprintf("0102000%04d", next()), Name: "휴대폰"}
			if err := s.DB.CreateTestNumber(t.Context(), &number); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(number.ID)
		},
		"template": func() string {
			made := models.Template{TeamID: appkey.TeamID, AppkeyID: appkey.ID, Channel: models.BrandTalk, Name: "템플릿", Version: 1, State: models.TemplateDraft}
			if err := s.DB.CreateTemplate(t.Context(), &made); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(made.ID)
		},
		"message":      func() string { return fmt.Sprint(s.planned(t, appkey).ID) },
		"notification": func() string { return fmt.Sprint(next()) }, // or nobody's
		"delivery":     func() string { return fmt.Sprint(next()) },
		"number":       func() string { return "1" },
		"version":      func() string { return "1" },
		"image": func() string {
			i := models.Image{TeamID: appkey.TeamID, Hash: models.NewToken(), Name: "그림.png", Format: models.FormatPNG, Width: 600, Height: 400}
			if _, err := s.DB.PutImage(t.Context(), &i, models.ImageFile{Original: []byte{1}, Thumbnail: []byte{1}}); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(i.ID)
		},
		"group": func() string {
			group = models.SenderGroup{AppkeyID: appkey.ID, SenderKey: fmt.Sprint("key", next()), Name: "그룹"}
			if err := s.DB.CreateSenderGroup(t.Context(), &group, nil); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(group.ID)
		},
		"change": func() string {
			c := models.GroupChange{GroupID: group.ID, State: models.ChangeStopped}
			if err := s.DB.CreateGroupChange(t.Context(), &c, nil); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(c.ID)
		},
	}
}

// planned is a message of a campaign that has been launched, and not handed over yet.
func (s *site) planned(t *testing.T, appkey models.Appkey) models.Message {
	t.Helper()
	a := models.Audience{TeamID: appkey.TeamID, Columns: []string{}}
	check(t, s.DB.CreateAudience(t.Context(), &a))
	check(t, s.DB.InsertRecipients(t.Context(), a.ID, []models.Recipient{{Phone: "01012345678", Vars: "{}"}}))
	c := s.thing(t, appkey)
	c.AudienceID = a.ID
	var b models.Batch
	check(t, s.DB.Tx(t.Context(), func(tx *models.DB) (err error) {
		b, err = tx.PlanBatch(t.Context(), &c, models.Batch{Number: 1, DueAt: time.Now().AddDate(1, 0, 0)}, 1)
		return err
	}))
	ms, err := s.DB.BatchMessages(t.Context(), b.ID)
	check(t, err)
	return ms[0]
}

// thing is a draft.
func (s *site) thing(t *testing.T, appkey models.Appkey) models.Campaign {
	t.Helper()
	c := models.Campaign{
		TeamID: appkey.TeamID, AppkeyID: appkey.ID, Channel: models.FriendTalk, ULID: models.NewToken(), Name: "초안", State: models.CampaignDraft,
	}
	if err := s.DB.CreateCampaign(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

var parameter = regexp.MustCompile(`\{([a-z_]+)\}`)

// address fills the parameters of a route's pattern in.
func address(t *testing.T, pattern string, things map[string]func() string) string {
	t.Helper()
	return parameter.ReplaceAllStringFunc(pattern, func(p string) string {
		thing, ok := things[strings.Trim(p, "{}")]
		if !ok {
			t.Fatalf("%s: nothing is known of %s; add it to things", pattern, p)
		}
		return thing()
	})
}

// try makes one request and does not follow where it is sent.
func (s *site) try(t *testing.T, method, path string) (status int, location string) {
	t.Helper()
	req := formRequest(t, s.url+path, url.Values{})
	req.Method = method
	if method == http.MethodGet {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	resp, err := http.DefaultTransport.RoundTrip(withCookies(s.client, req))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("Location")
}

func withCookies(c *http.Client, req *http.Request) *http.Request {
	for _, cookie := range c.Jar.Cookies(req.URL) {
		req.AddCookie(cookie)
	}
	return req
}

func TestEveryRouteAsksWhoMayTakeIt(t *testing.T) {
	t.Parallel()
	s, _, appkey := newAppkeySite(t)
	persons, things := s.persons(t), s.things(t, appkey)
	routes := web.Routes(handlers.New(handlers.Config{}))
	if len(routes) < 30 {
		t.Fatalf("only %d routes", len(routes))
	}
	for _, who := range persons {
		browser := s.as(t, who.user.ID)
		for _, route := range routes {
			path := address(t, route.Pattern, things)
			before := s.newest(t)
			status, location := browser.try(t, route.Method, path)
			after := s.newest(t)
			recorded := after.ID > before.ID && after.Action == "access.denied"
			if complaint := judge(route, who, status, location, recorded); complaint != "" {
				t.Errorf("%s %s by %s: %s (%d %s)", route.Method, path, who.name, complaint, status, location)
			}
			if route.Pattern == "/sign-out" {
				browser = s.as(t, who.user.ID)
			}
		}
	}
}

// newest is the newest entry of team 1's audit log.
func (s *site) newest(t *testing.T) models.AuditLog {
	t.Helper()
	logs, err := s.DB.AuditLogs(t.Context(), 1, 0, 1)
	if err != nil || len(logs) == 0 {
		t.Fatal(logs, err)
	}
	return logs[0]
}

// judge says what is wrong with how a person was answered, "" if nothing is.
func judge(route web.Route, who person, status int, location string, recorded bool) string {
	aboutTeam := strings.Contains(route.Pattern, "{team}") || strings.Contains(route.Pattern, "{appkey}")
	signIn := strings.HasPrefix(location, "/sign-in?next=") || location == "/sign-in"
	want := 0 // the status of a refusal
	switch {
	case route.Permission == models.Anybody:
	case who.user.ID == 0:
		if status != http.StatusSeeOther || !signIn {
			return "not sent to the sign-in page"
		}
	case route.Permission == models.SignedIn, who.user.InstanceAdmin:
	case aboutTeam && who.stranger:
		want = http.StatusNotFound
	case !who.role.Allows(route.Permission):
		want = http.StatusForbidden
	}
	switch {
	case want != 0 && status != want:
		return fmt.Sprintf("want %d", want)
	case recorded != (want != 0):
		return fmt.Sprintf("recorded as denied: %v", recorded)
	case want == 0 && who.user.ID != 0 && route.Permission != models.Anybody && (refused(status) || signIn && route.Pattern != "/sign-out"):
		return "refused"
	}
	return ""
}

// refused reports whether a status turns away somebody who may pass. What is wrong
// with an empty form, or with what it is about, does not.
func refused(status int) bool {
	return !slices.Contains([]int{http.StatusOK, http.StatusSeeOther, http.StatusUnprocessableEntity}, status)
}

func TestEveryRouteBelongsToATeamOrToNobody(t *testing.T) {
	t.Parallel()
	free := []models.Permission{models.Anybody, models.SignedIn, models.ManageInstance}
	for _, route := range web.Routes(handlers.New(handlers.Config{})) {
		scoped := strings.HasPrefix(route.Pattern, "/teams/{team}") || strings.HasPrefix(route.Pattern, "/appkeys/{appkey}")
		if scoped == slices.Contains(free, route.Permission) {
			t.Errorf("%s %s asks for %s, which does not suit its address", route.Method, route.Pattern, route.Permission)
		}
	}
}
