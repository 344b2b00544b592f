package web_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"soshik/handlers"
	"soshik/internal/kakao"
	"soshik/models"
	"soshik/web"
)

// uploadTo sends a file to a form, behind its fields.
func (s *site) uploadTo(t *testing.T, path, name string, file []byte, fields ...string) answer {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		check(t, form.WriteField(fields[i], fields[i+1]))
	}
	part, err := form.CreateFormFile("file", name)
	check(t, err)
	_, err = part.Write(file)
	check(t, err)
	check(t, form.Close())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, &b)
	check(t, err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	return s.do(t, req)
}

// bring uploads a file for the team and starts its import with the columns as they are
// suggested, and waits for its end.
func (s *site) bring(t *testing.T, path, name, file string, fields ...string) answer {
	t.Helper()
	mapping := s.uploadTo(t, path, name, []byte(file), fields...)
	if mapping.status != http.StatusOK || !strings.HasPrefix(mapping.path, "/teams/1/imports/") {
		t.Fatalf("upload: %d at %s: %s", mapping.status, mapping.path, mapping.body)
	}
	started := s.post(t, mapping.path, url.Values{"column-0": {models.UsePhone}, "column-1": {"이름"}})
	if started.status != http.StatusOK {
		t.Fatalf("start: %d: %s", started.status, started.body)
	}
	return s.until(t, mapping.path, "가져왔습니다", "가져오지 못했습니다")
}

// peopleFile is a file of n people from the one with index from on.
func peopleFile(from, n int) string {
	var b strings.Builder
	b.WriteString("휴대폰,이름\n")
	for i := from; i < from+n; i++ {
		fmt.Fprintf(&b, "010-2000-%04d,손님%d\n", i, i)
	}
	return b.String()
}

// named is the audience of that name.
func (s *site) named(t *testing.T, name string) models.ListedAudience {
	t.Helper()
	found, err := s.DB.Audiences(t.Context(), 1, models.AudienceFilter{Query: name}, 10)
	check(t, err)
	for _, a := range found {
		if a.Name == name {
			return a
		}
	}
	t.Fatalf("there is no audience %q", name)
	return models.ListedAudience{}
}

// idleAudience waits until nothing is being done to an audience, and returns it.
func (s *site) idleAudience(t *testing.T, name string, size int64) models.ListedAudience {
	t.Helper()
	deadline, tick := time.After(60*time.Second), time.NewTicker(30*time.Millisecond)
	defer tick.Stop()
	for {
		a := s.named(t, name)
		if !a.Running && a.Size == size {
			return a
		}
		select {
		case <-deadline:
			t.Fatalf("%q has %d, want %d", name, a.Size, size)
		case <-tick.C:
		}
	}
}

func audiencePath(a models.ListedAudience, rest string) string {
	return fmt.Sprintf("/teams/1/audiences/%d%s", a.ID, rest)
}

func TestAudiencesOnTheirPages(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.get(t, "/teams/1/audiences").says(t, http.StatusOK, "아직 수신자 목록이 없습니다")
	done := s.bring(t, "/teams/1/audiences/new?from=file", "단골.csv", peopleFile(0, 60), "name", "단골 손님")
	has(t, done, "60명을 가져왔습니다", "목록 보기")
	vip := s.idleAudience(t, "단골 손님", 60)
	page := s.get(t, audiencePath(vip, ""))
	has(t, page, "수신자 60명", "010-2000-0000", "손님49", "단골.csv", "rel=\"next\"")
	next := regexp.MustCompile(`\?after=\d+`).FindString(page.body)
	has(t, s.get(t, audiencePath(vip, next)), "손님50", "처음으로")
	has(t, s.get(t, audiencePath(vip, "?q=010-2000-0007")), "손님7")
	found := s.get(t, audiencePath(vip, "?q="+url.QueryEscape("손님5")))
	has(t, found, "손님55")
	if strings.Contains(found.body, "손님6<") {
		t.Error("the search finds others")
	}

	bad := s.post(t, "/teams/1/audiences/new?from=pasted", url.Values{"name": {""}, "pasted": {"010-1111-2222\n02-123-4567"}})
	bad.marks(t, "name", "pasted")
	both := s.post(t, "/teams/1/audiences/new?from=pasted", url.Values{"name": {"새 목록"}, "pasted": {"010-1111-2222\n02-123-4567"}})
	both.marks(t, "pasted")
	has(t, both, "휴대폰 번호가 아닌 것이 1개", "02-123-4567", `name="leave_out"`, "010-1111-2222", `value="새 목록"`)
	s.post(t, "/teams/1/audiences/new?from=pasted", url.Values{"name": {"새 목록"}, "pasted": {"010-1111-2222\n02-123-4567"}, "leave_out": {"1"}}).
		says(t, http.StatusOK, "목록을 만들었습니다", "010-1111-2222")

	s.bring(t, audiencePath(vip, "/change?from=file"), "더.csv", peopleFile(50, 20), "kind", "append")
	s.idleAudience(t, "단골 손님", 70)
	s.post(t, audiencePath(vip, "/change?from=audiences"), url.Values{"kind": {"subtract"}}).marks(t, "audience")
	s.post(t, audiencePath(vip, "/change?from=pasted"), url.Values{"kind": {"subtract"}, "pasted": {"01020000000"}}).says(t, http.StatusOK, "작업 기록")
	s.idleAudience(t, "단골 손님", 69)
	s.post(t, "/teams/1/audiences/new?from=audiences", url.Values{"name": {"모두"}, "audience": {fmt.Sprint(vip.ID), fmt.Sprint(s.named(t, "새 목록").ID)}}).
		says(t, http.StatusOK)
	all := s.idleAudience(t, "모두", 70)
	s.post(t, audiencePath(all, "/sample"), url.Values{"name": {"표본"}, "count": {"71"}}).marks(t, "count")
	s.post(t, audiencePath(all, "/sample"), url.Values{"name": {"표본"}, "count": {"5"}, "seed": {"42"}}).says(t, http.StatusOK)
	s.idleAudience(t, "표본", 5)
	s.get(t, audiencePath(s.named(t, "표본"), "")).says(t, http.StatusOK, "추출 번호 42")

	csv := s.get(t, audiencePath(all, "/export.csv"))
	if !strings.HasPrefix(csv.body, "\ufeff휴대폰 번호,이름\r\n") || strings.Count(csv.body, "\r\n") != 71 {
		t.Errorf("the file begins %q and has %d lines", csv.body[:30], strings.Count(csv.body, "\r\n"))
	}
	s.post(t, audiencePath(all, ""), url.Values{"name": {"표본"}}).marks(t, "name")
	s.post(t, audiencePath(all, ""), url.Values{"name": {"전체"}}).says(t, http.StatusOK, "이름을 바꿨습니다")
	s.get(t, audiencePath(all, "/delete")).says(t, http.StatusOK, "70명을 삭제할까요")
	s.post(t, audiencePath(all, "/delete"), nil).says(t, http.StatusOK, "목록을 삭제했습니다")
	s.get(t, audiencePath(all, "")).says(t, http.StatusNotFound)
	for _, action := range []string{"audience.create", "audience.change", "audience.sample", "audience.export", "audience.rename", "audience.delete"} {
		if len(s.audited(t, action)) == 0 {
			t.Errorf("%s is not in the audit log", action)
		}
	}
}

// TestAWorkOnItsPages stops what is being done to an audience and goes on with it, as one
// finds it on the pages where it shows.
func TestAWorkOnItsPages(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	ctx := t.Context()
	s.bring(t, "/teams/1/audiences/new?from=file", "단골.csv", peopleFile(0, 60), "name", "단골")
	vip := s.idleAudience(t, "단골", 60)
	for _, kind := range []models.WorkKind{models.WorkAppend, models.WorkSuppress} {
		now := s.Actions.Now()
		w := models.AudienceWork{
			TeamID: 1, AudienceID: vip.ID, Kind: kind, Sources: []models.Source{{AudienceID: vip.ID, Name: "거부.csv", Reason: "설문"}},
			State: models.WorkRunning, Claim: "another process", Done: 20, Total: 60, AskedBy: 1, CreatedAt: now, WorkedAt: now,
		}
		check(t, s.DB.CreateAudienceWork(ctx, &w))
		path, work := audiencePath(vip, ""), fmt.Sprintf("/teams/1/works/%d", w.ID)
		if kind == models.WorkSuppress {
			path = "/teams/1/suppressions"
		}
		s.get(t, path).says(t, http.StatusOK, "20 / 60", "작업 멈추기", `<progress`, `http-equiv="refresh"`)
		has(t, s.partially(t, path), "20 / 60", `hx-trigger="every 1s"`)
		s.post(t, work+"/retry", nil).says(t, http.StatusOK, "작업 멈추기") // it runs
		s.post(t, work+"/cancel", nil).says(t, http.StatusOK, "작업을 멈췄습니다", "20 / 60", "이어서 하기")
		s.post(t, work+"/cancel", nil).says(t, http.StatusOK, "작업을 멈췄습니다")
		if ended := s.partially(t, path); strings.Contains(ended.body, "hx-trigger") {
			t.Error("the page still asks")
		}
		s.post(t, work+"/retry", nil).says(t, http.StatusOK)
		s.workEnds(t, w.ID)
		if page := s.get(t, path); strings.Contains(page.body, "작업 멈추기") || strings.Contains(page.body, "이어서 하기") {
			t.Errorf("%s: what is done can be stopped, or gone on with", kind)
		}
	}
	now := s.Actions.Now()
	failed := models.AudienceWork{
		TeamID: 1, AudienceID: vip.ID, Kind: models.WorkAppend, Sources: []models.Source{{Name: "붙여넣은 번호"}},
		State: models.WorkFailed, Problem: models.T("audience.work_failed"), AskedBy: 1, CreatedAt: now, WorkedAt: now, EndedAt: &now,
	}
	check(t, s.DB.CreateAudienceWork(ctx, &failed))
	page := s.get(t, audiencePath(vip, ""))
	has(t, page, "작업을 끝내지 못했습니다", "일시적인 문제", "처음부터 다시")
	if strings.Contains(page.body, "이어서 하기") {
		t.Error("what it read is gone, and it can be gone on with")
	}
}

// workEnds waits until a work is done.
func (s *site) workEnds(t *testing.T, id int64) {
	t.Helper()
	deadline, tick := time.After(60*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		w, err := s.DB.AudienceWork(t.Context(), id)
		check(t, err)
		if w.State == models.WorkDone {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("the work is %+v", w)
		case <-tick.C:
		}
	}
}

func TestACampaignTakesAudiencesOnItsPages(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.bring(t, "/teams/1/audiences/new?from=file", "단골.csv", peopleFile(0, 8), "name", "단골")
	s.bring(t, "/teams/1/audiences/new?from=file", "단골.csv", peopleFile(5, 8), "name", "단골")
	one, two := s.idleAudience(t, "단골", 8), s.idleAudience(t, "단골 (2)", 8)
	c := s.draft(t)
	has(t, s.get(t, s.path(c, "/recipients")), "수신자 목록에서 가져오기")
	take := s.path(c, "/recipients/audiences")
	s.post(t, take, nil).marks(t, "audience")
	s.post(t, take, url.Values{"audience": {fmt.Sprint(one.ID), fmt.Sprint(two.ID)}})
	taken := s.until(t, s.path(c, "/recipients"), "수신자 목록에서 가져온 수신자")
	has(t, taken, "13명", "단골, 단골 (2)")
	deletion := s.get(t, audiencePath(one, "/delete"))
	has(t, deletion, "11월 단골 감사 쿠폰", `name="anyway"`)
	s.post(t, audiencePath(one, "/delete"), nil).marks(t, "anyway")
	s.post(t, audiencePath(one, "/delete"), url.Values{"anyway": {"1"}}).says(t, http.StatusOK)
	has(t, s.get(t, s.path(c, "/recipients")), "13명")
	page := s.bringIn(t, c, cp949(t, listOf(3))) // a file instead
	has(t, s.get(t, page), "명을 가져왔습니다")
	if body := s.get(t, s.path(c, "/recipients")).body; strings.Contains(body, "수신자 목록에서 가져온 수신자") {
		t.Error("the recipients still are those of the audiences")
	}
}

func TestTheSuppressionListOnItsPages(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.get(t, "/teams/1/suppressions").says(t, http.StatusOK, "아직 수신을 거부한 번호가 없습니다")
	s.post(t, "/teams/1/suppressions/new?from=pasted", url.Values{"pasted": {"없음"}, "reason": {""}}).says(t, http.StatusUnprocessableEntity, "없음")
	s.post(t, "/teams/1/suppressions/new?from=pasted", url.Values{"pasted": {"010-2000-0001, 010 2000 0002"}, "reason": {"전화로 요청 <b>"}}).
		says(t, http.StatusOK, "번호 2개를", "010-2000-0001")
	done := s.bring(t, "/teams/1/suppressions/new?from=file", "거부.csv", peopleFile(1, 5), "reason", "설문에서 거부")
	has(t, done, "수신 거부 목록 보기")
	s.until(t, "/teams/1/suppressions", "설문에서 거부")
	team, err := s.DB.Team(t.Context(), 1)
	check(t, err)
	if team.Suppressed != 5 {
		t.Errorf("%d are on the list, want 5", team.Suppressed)
	}
	s.get(t, "/teams/1/suppressions?phone=12").marks(t, "phone")
	s.get(t, "/teams/1/suppressions?phone=01099999999").says(t, http.StatusOK, "목록에 없는 번호입니다")
	found := s.get(t, "/teams/1/suppressions?phone="+url.QueryEscape("+82 10-2000-0005"))
	has(t, found, "설문에서 거부", "거부.csv")
	proof := regexp.MustCompile(`/teams/1/suppressions/\d+`).FindString(found.body)
	s.get(t, proof).says(t, http.StatusOK, "010-2000-0005", "설문에서 거부", "예정된 메시지")
	s.post(t, proof+"/remove", url.Values{"reason": {""}}).marks(t, "reason")
	s.post(t, proof+"/remove", url.Values{"reason": {"다시 동의"}}).says(t, http.StatusOK, "수신 거부를 해제했습니다", "다시 동의")
	s.get(t, "/teams/1/suppressions?past=1").says(t, http.StatusOK, "다시 동의", "010-2000-0005")
	csv := s.get(t, "/teams/1/suppressions/export.csv")
	if strings.Count(csv.body, "\r\n") != 5 || !strings.Contains(csv.body, "010-2000-0001") {
		t.Errorf("the file: %s", csv.body)
	}
	s.post(t, "/teams/1/settings/recipients", url.Values{"weekly_limit": {"많이"}, "retention": {"1"}}).says(t, http.StatusUnprocessableEntity, `value="많이"`)
	s.post(t, "/teams/1/settings/recipients", url.Values{"weekly_limit": {"3"}, "retention": {"365"}, "code": {"3018", "1000"}}).says(t, http.StatusOK, `value="3"`, `value="365"`)

	s.post(t, "/teams/1/forget", url.Values{"phone": {"02-123-4567"}}).marks(t, "phone")
	s.post(t, "/teams/1/forget", url.Values{"phone": {"010-2000-0001"}}).says(t, http.StatusOK, "010-2000-0001의 개인정보를 지울까요?", "해시")
	s.post(t, "/teams/1/forget", url.Values{"phone": {"010-2000-0001"}, "confirm": {"1"}}).says(t, http.StatusOK, "010-****-0001", "완료")
	s.get(t, "/teams/1/suppressions?phone=01020000001").says(t, http.StatusOK, "삭제된 번호")
}

var fullNumber = regexp.MustCompile(`\b010-?\d{4}-?\d{4}\b`)

// TestAViewerFindsNoFullNumberAnywhere walks all pages as a viewer, with numbers in
// whatever can hold some.
func TestAViewerFindsNoFullNumberAnywhere(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.bring(t, "/teams/1/audiences/new?from=file", "단골.csv", peopleFile(0, 70), "name", "단골")
	a := s.idleAudience(t, "단골", 70)
	s.post(t, "/teams/1/suppressions/new?from=pasted", url.Values{"pasted": {"010-2000-0001"}, "reason": {"010-2000-0001에서 전화로 요청"}})
	s.post(t, "/teams/1/suppressions/new?from=pasted", url.Values{"pasted": {"010-2000-0002"}, "reason": {"요청"}})
	other, found, err := s.DB.ActiveSuppression(t.Context(), 1, []string{"01020000002"})
	if err != nil || !found {
		t.Fatal(found, err)
	}
	s.post(t, fmt.Sprintf("/teams/1/suppressions/%d/remove", other.ID), url.Values{"reason": {"010 2000 0002가 다시 동의"}})
	s.post(t, "/teams/1/settings/test-numbers", url.Values{"name": {"이하윤"}, "phone": {"010-7777-8888"}})
	c := s.draft(t)
	s.bringIn(t, c, cp949(t, listOf(20)))
	s.launch(t, c)
	s.until(t, s.path(c, ""), "완료")
	s.post(t, "/teams/1/forget", url.Values{"phone": {"010-2000-0005"}, "confirm": {"1"}, "suppress": {"1"}})
	sup, found, err := s.DB.ActiveSuppression(t.Context(), 1, []string{"01020000001"})
	if err != nil || !found {
		t.Fatal(found, err)
	}
	viewer := s.as(t, s.addUser(t, "viewer@example.com", models.Viewer).ID)
	values := map[string]string{
		"team": "1", "appkey": fmt.Sprint(s.appkey.ID), "campaign": fmt.Sprint(c.ID), "audience": fmt.Sprint(a.ID),
		"suppression": fmt.Sprint(sup.ID), "sender": fmt.Sprint(s.sender.ID), "import": "1", "user": "1",
	}
	walked, masked := 0, 0
	for _, route := range web.Routes(handlers.New(handlers.Config{})) {
		if route.Method != http.MethodGet {
			continue
		}
		path := parameter.ReplaceAllStringFunc(route.Pattern, func(p string) string {
			if v, ok := values[strings.Trim(p, "{}")]; ok {
				return v
			}
			return "1"
		})
		got := viewer.get(t, path)
		if got.status != http.StatusOK {
			continue
		}
		walked++
		if strings.Contains(got.body, "010-****-") {
			masked++
		}
		if number := fullNumber.FindString(got.body); number != "" {
			t.Errorf("a viewer finds %s on %s", number, path)
		}
	}
	if walked < 12 || masked < 3 {
		t.Errorf("only %d pages were walked, and %d of them have numbers", walked, masked)
	}
	logs, err := s.DB.AuditLogs(t.Context(), 1, 0, 500)
	check(t, err)
	for _, l := range logs {
		if number := fullNumber.FindString(l.ObjectName + l.Before + l.After); number != "" {
			t.Errorf("%s holds %s in the audit log", l.Action, number)
		}
	}
	if kakao.MaskPhone("01020000001") != "010-****-0001" {
		t.Error("numbers are masked in another way than was looked for")
	}
}
