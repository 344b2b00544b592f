package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"soshik/models"
)

// members is a workbook with a cover, and members on two sheets.
func members(t *testing.T) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	check(t, f.SetCellStr("Sheet1", "A1", "표지"))
	for sheet, name := range map[string]string{"서울": "김하늘", "부산": "박바다"} {
		_, err := f.NewSheet(sheet)
		check(t, err)
		check(t, f.SetSheetRow(sheet, "A1", &[]any{"이름", "휴대폰", "할인율"}))
		check(t, f.SetSheetRow(sheet, "A2", &[]any{name, 1_012_345_678, "5%"}))
		check(t, f.SetSheetRow(sheet, "A3", &[]any{"이산", "02-123-4567", "5%"}))
	}
	var b bytes.Buffer
	check(t, f.Write(&b))
	return b.Bytes()
}

// paste sends a text to the step of the recipients.
func (s *studio) paste(t *testing.T, c models.Campaign, text string) answer {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	check(t, form.WriteField("text", text))
	check(t, form.Close())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+s.path(c, "/recipients"), &b)
	check(t, err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	return s.do(t, req)
}

func TestSheetOfAWorkbookIsChosen(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	mapping := s.upload(t, c, "회원.xlsx", members(t))
	has(t, mapping, `value="Sheet1" aria-pressed="false"`, `value="서울" aria-pressed=`, `value="부산" aria-pressed=`, "1012345678")
	if strings.Contains(mapping.body, `name="encoding"`) {
		t.Error("a workbook has no encoding to choose")
	}
	has(t, s.post(t, mapping.path, url.Values{"sheet": {"부산"}}), `value="부산" aria-pressed="true"`, "박바다")
	has(t, s.post(t, mapping.path, url.Values{"header": {"0"}}), `value="부산" aria-pressed="true"`, `value="0" aria-pressed="true"`)
	has(t, s.post(t, mapping.path, url.Values{"header": {"1"}}), "박바다")
	if got := s.post(t, mapping.path, url.Values{"sheet": {"없는 시트"}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a sheet that is not there: %d", got.status)
	}
	s.post(t, mapping.path, url.Values{"column-0": {"이름"}, "column-1": {models.UsePhone}, "column-2": {"할인율"}})
	done := s.until(t, mapping.path, "가져왔습니다", "가져오지 못했습니다")
	has(t, done, "1명을 가져왔습니다", "고칠 파일 내려받기")
	back := s.get(t, mapping.path+"/refused")
	f, err := excelize.OpenReader(strings.NewReader(back.body))
	check(t, err)
	defer func() { _ = f.Close() }()
	rows, err := f.GetRows("Sheet1")
	check(t, err)
	if len(rows) != 2 || rows[0][0] != "이유" || rows[1][0] != "휴대폰 열: 휴대폰 번호가 아닙니다(유선·대표·인터넷 전화)" || rows[1][2] != "02-123-4567" {
		t.Errorf("%q came back", rows)
	}
}

// Each part of how a file is read is changed by a button of its own, and the others
// stay.
func TestReadingIsChangedWithOneClick(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	mapping := s.upload(t, s.draft(t), "단골.csv", cp949(t, listOf(5)))
	got := s.post(t, mapping.path, url.Values{"separator": {";"}})
	has(t, got, `value="cp949" aria-pressed="true"`, `value=";" aria-pressed="true"`)
	got = s.post(t, mapping.path, url.Values{"separator": {","}})
	has(t, got, `value="," aria-pressed="true"`, "김하늘")
	has(t, s.post(t, mapping.path, url.Values{"international": {"1"}}), `name="international" value="1" aria-pressed="true"`, "김하늘")
}

func TestRefusedRowsComeBackInTheFilesOwnEncoding(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	page := s.bringIn(t, s.draft(t), cp949(t, listOf(3)))
	has(t, s.get(t, page), "고칠 파일 내려받기", "원본 파일은")
	back := s.get(t, page+"/refused")
	want := string(cp949(t, "\"이유\",이름,휴대폰,할인율,메모\r\n\"휴대폰 열: 번호가 너무 짧습니다\",=1+1,1234,5%,짧음\r\n"))
	if !strings.HasPrefix(back.body, want) {
		t.Errorf("%q came back, want it to begin with %q", back.body, want)
	}
	check(t, s.DB.ForgetUpload(t.Context(), 1))
	has(t, s.get(t, page+"/refused"), "보관 기간이 끝나", "가져왔습니다")
	if strings.Contains(s.get(t, page).body, "고칠 파일 내려받기") {
		t.Error("a file is offered that is gone")
	}
}

func TestRecipientsArePasted(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	for text, want := range map[string]string{
		"\n":                  "붙여 넣은 내용이 없습니다",
		"이름\t도시\n김하늘\t<서울>\n": "휴대폰 번호 열을 찾지 못했습니다",
	} {
		got := s.paste(t, c, text)
		if got.status != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d", text, got.status)
		}
		has(t, got, `id="text-problem"`, want)
	}
	has(t, s.paste(t, c, "이름\t도시\n김하늘\t<서울>\n"), "김하늘\t&lt;서울&gt;") // what was typed comes back

	block := s.paste(t, c, "성함\t핸드폰\t할인율\r\n김하늘\t010-1234-5678\t5%\r\n")
	has(t, block, `<option value="이름" selected>`, `<option value="@phone" selected>`, "붙여 넣은 수신자")
	numbers := s.paste(t, c, "010-1111-2222, 010-3333-4444")
	s.post(t, numbers.path, url.Values{"column-0": {models.UsePhone}})
	has(t, s.until(t, numbers.path, "가져왔습니다", "가져오지 못했습니다"), "2명을 가져왔습니다")
}

// A second file of the same shape finds the columns as they were used.
func TestColumnsAreRememberedForTheNextFile(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.bringIn(t, s.draft(t), cp949(t, listOf(3))) // of its columns, the remark is not taken
	again := s.upload(t, s.draft(t), "다음 달.csv", cp949(t, listOf(4)))
	has(t, again, `id="recalled"`)
	_, column, _ := strings.Cut(again.body, `id="column-3"`)
	if column, _, _ = strings.Cut(column, "</select>"); !strings.Contains(column, `<option value="" selected>`) {
		t.Error("the column is used again")
	}
}

func TestAnImportIsCancelledOnItsPage(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	c := s.draft(t)
	mapping := s.upload(t, c, "단골.csv", cp949(t, listOf(5)))
	i, _, err := s.DB.LastImport(t.Context(), c.ID)
	check(t, err)
	_, err = s.DB.SQL().ExecContext(t.Context(), "UPDATE imports SET state = 'running', claim = 'another', worked_at = $1 WHERE id = $2", s.Actions.Now(), i.ID)
	check(t, err)
	running := s.get(t, mapping.path)
	has(t, running, "가져오기 취소", `action="`+mapping.path+`/cancel"`)
	has(t, s.post(t, mapping.path+"/cancel", nil), "가져오기를 취소했습니다")
	has(t, s.post(t, mapping.path+"/cancel", nil), "가져오기를 취소했습니다") // a second click
	has(t, s.get(t, s.path(c, "/recipients")), "단골.csv: 가져오기를 취소했습니다")
}

// What has been chosen for the columns goes along when other numbers are taken, and stays as it is in the
// same file; a column that is called otherwise by then is another.
func TestChoicesForColumnsStay(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	mapping := s.upload(t, s.draft(t), "단골.csv", cp949(t, listOf(5)))
	chosen := url.Values{"column-0": {"할인율"}, "column-1": {models.UsePhone}, "column-2": {""}, "column-3": {"메모"}}
	chosen.Set("international", "1")
	got := s.post(t, mapping.path, chosen)
	has(t, got, `form="columns-form" name="international" value="1" aria-pressed="true"`)
	if n := strings.Count(got.body, `<option value="할인율" selected>`) + strings.Count(got.body, `<option value="" selected>`); n != 2 {
		t.Errorf("%d of two choices are still there", n)
	}
	chosen.Del("international")
	chosen.Set("encoding", "utf-8")
	if got := s.post(t, mapping.path, chosen); strings.Contains(got.body, `<option value="할인율" selected>`) {
		t.Error("columns of other names are used as those were")
	}

	two := s.post(t, mapping.path, url.Values{"column-0": {models.UsePhone}, "column-1": {models.UsePhone}, "column-2": {""}, "column-3": {""}})
	if two.status != http.StatusUnprocessableEntity {
		t.Errorf("two columns of numbers: %d", two.status)
	}
	has(t, two, `id="column-0-problem"`, `id="column-1-problem"`, "하나만 고를 수 있습니다")
	none := s.post(t, mapping.path, url.Values{"column-0": {""}, "column-1": {""}, "column-2": {""}, "column-3": {""}})
	has(t, none, `id="mapping-problem"`, "하나 골라 주세요")
}

// An import that waits for others says so, and one that stands still since when. Where that is because the
// database takes no writes, it goes on by itself once it does.
func TestAnImportThatStandsStillSaysSo(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	mapping := s.upload(t, s.draft(t), "단골.csv", cp949(t, listOf(5)))
	has(t, s.post(t, mapping.path, url.Values{"international": {"0"}}), "가져오기 시작")
	s.exec(t, "UPDATE imports SET state = 'running', worked_at = $1", s.Actions.Now())
	has(t, s.get(t, mapping.path), "곧 시작합니다")
	s.exec(t, "UPDATE imports SET claim = 'another'")
	if got := s.get(t, mapping.path); strings.Contains(got.body, "진행되지 않고") || strings.Contains(got.body, "곧 시작합니다") {
		t.Error("it moves, and the page says that it does not")
	}
	s.refusesClaims(t)
	s.exec(t, "UPDATE imports SET worked_at = $1", s.Actions.Now().Add(-2*time.Minute))
	has(t, s.get(t, mapping.path), "부터 진행되지 않고 있습니다", "저절로 이어지지 않으면")
	if s.DB.Dialect() == models.Postgres {
		s.exec(t, "DROP TRIGGER no_room ON imports")
	} else {
		s.exec(t, "DROP TRIGGER no_room")
	}
	has(t, s.until(t, mapping.path, "가져왔습니다", "가져오지 못했습니다"), "6명을 가져왔습니다")
}

func (s *studio) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	_, err := s.DB.SQL().ExecContext(t.Context(), query, args...)
	check(t, err)
}

// refusesClaims lets nobody take an import up, as a database without room does.
func (s *studio) refusesClaims(t *testing.T) {
	t.Helper()
	if s.DB.Dialect() == models.SQLite {
		s.exec(t, "CREATE TRIGGER no_room BEFORE UPDATE OF claim ON imports BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
		return
	}
	s.exec(t, `CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$`)
	s.exec(t, "CREATE TRIGGER no_room BEFORE UPDATE OF claim ON imports FOR EACH ROW EXECUTE FUNCTION no_room()")
}
