package nhn_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

const success = `"header":{"resultCode":0,"resultMessage":"success","isSuccessful":true}`

// page is a page of a list and how many entries there are on all pages.
type page[T any] struct {
	List  []T
	Total int
}

func pageOf[T any](list []T, total int, err error) (any, error) { return page[T]{list, total}, err }

// reads are the calls that read the sample answers, by the number of the endpoint
// with which the sample's name begins.
func reads() map[string]func(context.Context, *nhn.Client) (any, error) {
	return map[string]func(context.Context, *nhn.Client) (any, error){
		"00": func(ctx context.Context, c *nhn.Client) (any, error) { return nil, c.DeleteSender(ctx, "k") },
		"01": func(ctx context.Context, c *nhn.Client) (any, error) { return c.Categories(ctx) },
		"03": func(ctx context.Context, c *nhn.Client) (any, error) { return c.EnterToken(ctx, "@a", 1) },
		"05": func(ctx context.Context, c *nhn.Client) (any, error) { return c.Sender(ctx, "k") },
		"06": func(ctx context.Context, c *nhn.Client) (any, error) {
			return pageOf(c.Senders(ctx, nhn.SenderFilter{}))
		},
		"07": func(ctx context.Context, c *nhn.Client) (any, error) { return c.SenderGroup(ctx, "k") },
		"14": func(ctx context.Context, c *nhn.Client) (any, error) { return c.Sender(ctx, "k") },
		"19": func(ctx context.Context, c *nhn.Client) (any, error) {
			return c.SendBrandTalk(ctx, &nhn.BrandTalkRequest{})
		},
		"20": func(ctx context.Context, c *nhn.Client) (any, error) {
			return pageOf(c.BrandTalkMessages(ctx, nhn.BrandTalkQuery{}))
		},
		"21": func(ctx context.Context, c *nhn.Client) (any, error) { return c.BrandTalkMessage(ctx, "R", 1) },
		"24": func(ctx context.Context, c *nhn.Client) (any, error) { return c.Template(ctx, "k", "t") },
		"25": func(ctx context.Context, c *nhn.Client) (any, error) { return c.SendFriendTalk(ctx, one(), "") },
		"26": func(ctx context.Context, c *nhn.Client) (any, error) {
			return pageOf(c.FriendTalkMessages(ctx, nhn.FriendTalkQuery{}))
		},
		"27": func(ctx context.Context, c *nhn.Client) (any, error) { return c.FriendTalkMessage(ctx, "R", 1) },
		"29": func(ctx context.Context, c *nhn.Client) (any, error) {
			return pageOf(c.FriendTalkResults(ctx, noonKST, noonKST, 1, 10))
		},
		"30": func(ctx context.Context, c *nhn.Client) (any, error) {
			return c.UploadImage(ctx, "a.png", strings.NewReader("x"), false)
		},
		"31": func(ctx context.Context, c *nhn.Client) (any, error) { return pageOf(c.Images(ctx, 1, 10)) },
	}
}

const requestID = "20180813022044Jps2xJ1qsv0"

// when is the date of most samples, in Korea.
var when = time.Date(2018, 8, 10, 10, 6, 30, 0, kakao.KST)

// with is v after change.
func with[T any](v T, change func(*T)) T {
	change(&v)
	return v
}

func tree() []nhn.Category {
	return []nhn.Category{{Depth: 1, Code: "001", Name: "건강", SubCategories: []nhn.Category{
		{ParentCode: "001", Depth: 2, Code: "0001", Name: "병원", SubCategories: []nhn.Category{{ParentCode: "0001", Depth: 3, Code: "0001", Name: "종합병원"}}},
	}}}
}

func sampleSender() nhn.Sender {
	return nhn.Sender{
		PlusFriendID: "@소식", SenderKey: senderKey, CategoryCode: "00100010001", Status: kakao.SenderRegistered, StatusName: "정상 등록",
		KakaoStatus: "A", KakaoStatusName: "정상", KakaoProfileStatus: "A", KakaoProfileStatusName: "활성화",
		AlimTalk:   nhn.SenderChannel{ResendAppkey: "smsAppKey", IsResend: true, ResendSendNo: "0212345678", SentCount: 12},
		FriendTalk: nhn.SenderChannel{ResendAppkey: "smsAppKey", IsResend: true, ResendSendNo: "0212345678", ResendUnsubscribeNo: "0801234567", DailyMaxCount: 1000, SentCount: 12},
		Blocked:    true, CreateDate: when,
	}
}

func waitingSender() nhn.Sender {
	return nhn.Sender{PlusFriendID: "@소식", CategoryCode: "00100010001", Status: kakao.SenderWaiting, StatusName: "등록 대기 중"}
}

func sampleMessage() nhn.Message {
	return nhn.Message{
		RequestID: requestID, RecipientSeq: 1, PlusFriendID: "@소식", RecipientNo: "01011112222", RequestDate: when, CreateDate: when, Content: "안녕하세요",
		MessageStatus: kakao.StatusFailed, ResendStatus: kakao.FallbackSucceeded, ResendStatusName: "재발송 성공", ResultCode: "3018", ResultCodeName: "메시지를 전송할 수 없음",
		CreateUser: "u", SenderGroupingKey: "s", RecipientGroupingKey: "r",
	}
}

func detailedMessage() nhn.Message {
	return with(sampleMessage(), func(m *nhn.Message) {
		m.ReceiveDate, m.ResendResultCode, m.ResendRequestID = when.Add(30*time.Second), "1000", "20180810100700abc"
		m.ImageSeq, m.ImageName, m.ImageURL, m.ImageLink, m.Wide, m.IsAd = 3, "봄.png", "https://i", "https://l", true, true
		m.Buttons = []nhn.Button{{Ordering: 1, Type: "WL", Name: "보기", LinkMo: "https://m"}}
	})
}

func brandMessage() nhn.Message {
	return nhn.Message{
		RequestID: requestID, RecipientSeq: 1, PlusFriendID: "@소식", RecipientNo: "01011112222", RequestDate: when, CreateDate: when, ReceiveDate: when.Add(30 * time.Second),
		Content: "안녕하세요", MessageStatus: kakao.StatusCompleted, ResultCode: kakao.BrandOK, ResultCodeName: "성공", CreateUser: "u",
		SenderGroupingKey: "s", RecipientGroupingKey: "r", SenderKey: senderKey, TemplateCode: "code1",
	}
}

func brandButtons() []nhn.Button {
	return []nhn.Button{
		{Type: "AC", Name: "채널 추가"}, {Type: "BF", Name: "톡에서 예약하기", BizFormID: 7},
		{Type: "WL", Name: "보기", LinkMo: "https://m", LinkPC: "https://p"}, {Type: "AL", Name: "앱", SchemeIOS: "i://", SchemeAndroid: "a://"},
	}
}

func sampleTemplate() nhn.Template {
	return nhn.Template{
		PlusFriendID: "@소식", SenderKey: senderKey, Code: "code1", Name: "이름", MessageType: "I", ContentType: "V", Content: "안녕 #{이름}",
		UnsubscribeContent: "080-1111-2222/12345", ImageLink: "https://l", ImageURL: "https://i", Buttons: brandButtons(), KakaoStatus: kakao.TemplateWaiting,
		CreateDate: time.Date(2022, 7, 26, 10, 0, 0, 0, kakao.KST), UpdateDate: time.Date(2022, 7, 27, 11, 30, 0, 500_000_000, kakao.KST),
	}
}

func sent(key string, second nhn.RecipientResult) *nhn.SendResult {
	return &nhn.SendResult{RequestID: requestID, SenderGroupingKey: key, Recipients: []nhn.RecipientResult{{Seq: 1, RecipientNo: "01011112222", Message: "SUCCESS"}, second}}
}

func messagesOf(total int, list ...nhn.Message) page[nhn.Message] {
	return page[nhn.Message]{list, total}
}

func imagesOf(total int, list ...nhn.Image) page[nhn.Image] { return page[nhn.Image]{list, total} }

// sample is what a sample answer says.
type sample struct {
	value any // nil for none
	code  int // of the refusal
	fails bool
}

// samples are what each file of testdata/answers says, which are answers as the
// documents describe them, in every form in which they may come.
func samples() map[string]sample {
	badNumber := nhn.RecipientResult{Seq: 2, Code: kakao.CodeRecipientNo, Message: "RecipientNo is invalid."}
	image := nhn.Image{Seq: 17, URL: "https://i", Name: "봄.png", Wide: true, CreateDate: when}
	narrow := nhn.Image{Seq: 16, URL: "https://i", Name: "봄.png", CreateDate: when}
	out := map[string]sample{
		"00-success-in-lower-case": {}, "00-success-in-strings": {},
		"03-header-only": {}, "03-sender-null": {}, "03-sender-empty": {},
		"01-null": {value: []nhn.Category(nil)},
		"03-sender": {value: &nhn.Sender{
			PlusFriendID: "@소식", SenderKey: senderKey, CategoryCode: "00100010001", Status: kakao.SenderRegistered,
		}},
		"07-group": {value: &nhn.SenderGroup{
			Name: "봄 그룹", SenderKey: senderKey, Status: kakao.SenderRegistered, CreateDate: when.Add(123 * time.Millisecond), UpdateDate: when.Add(-30 * time.Second),
			Members: []nhn.GroupMember{{PlusFriendID: "@a", SenderKey: "k1", CreateDate: when}, {PlusFriendID: "@b", SenderKey: "k2"}},
		}},
		"07-group-of-nobody": {value: &nhn.SenderGroup{SenderKey: senderKey, Status: kakao.SenderWaiting}},
		"19-sent": {value: sent("", nhn.RecipientResult{
			Seq: 2, RecipientNo: "01033334444", Code: kakao.CodeTemplateParameter, Message: "Please check template parameter.", RecipientGroupingKey: "r2",
		})},
		"20-messages": {value: messagesOf(2, brandMessage(), nhn.Message{
			RequestID: requestID, RecipientSeq: 2, PlusFriendID: "@소식", RequestDate: when, CreateDate: when, MessageStatus: kakao.StatusCancelled, SenderKey: senderKey, TemplateCode: "code1",
		})},
		"21-message": {value: new(with(brandMessage(), func(m *nhn.Message) {
			m.TemplateImageURL, m.TemplateImageLink, m.Buttons = "https://i", "https://l", brandButtons()
		}))},
		"24-template": {value: new(sampleTemplate())},
		"24-template-with-nulls": {value: &nhn.Template{
			SenderKey: senderKey, Code: "code1", Name: "이름", Content: "안녕 #{이름}", UnsubscribeContent: "080-1111-2222/12345",
		}},
		"24-buttons-of-another-kind": {value: new(with(sampleTemplate(), func(t *nhn.Template) {
			t.Buttons = []nhn.Button{{Ordering: 1, Type: "WL", Name: "보기", LinkMo: "https://m", BizFormID: 8}}
		}))},
		"25-without-results": {value: &nhn.SendResult{RequestID: requestID}},
		"25-all-refused": {code: kakao.CodeAllRefused, value: &nhn.SendResult{Recipients: []nhn.RecipientResult{
			{Seq: 1, RecipientNo: "01011112222", Code: kakao.CodeRecipientNo, Message: "RecipientNo is invalid.", RecipientGroupingKey: "r1"},
			{Seq: 2, RecipientNo: "01033334444", Code: kakao.CodeContent, Message: "too long"},
		}}},
		"25-refused-with-null":               {code: kakao.CodeSecretKey},
		"25-refused-with-text-for-an-object": {code: kakao.CodeSenderInactive},
		"29-results": {value: messagesOf(2,
			with(sampleMessage(), func(m *nhn.Message) {
				m.CreateDate, m.CreateUser, m.ReceiveDate = time.Time{}, "", when.Add(30*time.Second)
			}),
			nhn.Message{
				RequestID: requestID, RecipientSeq: 2, PlusFriendID: "@소식", RecipientNo: "01011112222", RequestDate: when, Content: "안녕하세요", MessageStatus: kakao.StatusCancelled,
				ResendStatus: kakao.FallbackNone, ResendStatusName: "재발송 미대상", SenderGroupingKey: "s", RecipientGroupingKey: "r",
			})},
		"30-image":             {value: &nhn.Image{Seq: 17, URL: "https://i", Name: "봄.png"}},
		"30-image-with-string": {value: &nhn.Image{Seq: 17}},
		"30-image-null":        {fails: true},
		"30-nulls":             {fails: true},
		"31-with-nulls":        {value: imagesOf(-1, nhn.Image{Seq: 17})},
		"31-null":              {value: imagesOf(0)},
	}
	for _, name := range []string{"01-leaves-omitted", "01-leaves-null", "01-leaves-empty", "01-strings-for-numbers", "01-objects-for-arrays"} {
		out[name] = sample{value: tree()}
	}
	for _, name := range []string{"31-images", "31-strings-for-booleans", "31-under-the-name-of-the-table"} {
		out[name] = sample{value: imagesOf(2, image, narrow)}
	}
	senderSamples(out)
	messageSamples(out, badNumber)
	return out
}

func senderSamples(out map[string]sample) {
	out["05-sender"] = sample{value: new(sampleSender())}
	out["05-strings-for-booleans-and-numbers"] = sample{value: new(sampleSender())}
	out["05-sender-that-waits"] = sample{value: new(waitingSender())}
	out["05-wrong-types"] = sample{value: new(with(sampleSender(), func(s *nhn.Sender) {
		s.AlimTalk, s.FriendTalk, s.StatusName, s.Blocked, s.CreateDate = nhn.SenderChannel{}, nhn.SenderChannel{}, "", false, time.Time{}
	}))}
	out["14-sender-of-v2.0"] = sample{value: new(with(sampleSender(), func(s *nhn.Sender) {
		s.AlimTalk.ResendAppkey, s.FriendTalk.ResendAppkey = "", ""
	}))}
	out["06-senders"] = sample{value: page[nhn.Sender]{[]nhn.Sender{sampleSender(), waitingSender()}, 2}}
	out["06-without-total"] = sample{value: page[nhn.Sender]{[]nhn.Sender{sampleSender()}, -1}}
	out["06-total-as-string"] = sample{value: page[nhn.Sender]{[]nhn.Sender{sampleSender()}, 17}}
	out["06-null"] = sample{value: page[nhn.Sender]{}}
}

func messageSamples(out map[string]sample, badNumber nhn.RecipientResult) {
	first := func(m nhn.Message) nhn.Message {
		return with(m, func(m *nhn.Message) { m.RequestDate, m.CreateDate = time.Time{}, time.Time{} })
	}
	dated := func(request, create time.Time) nhn.Message {
		return with(first(sampleMessage()), func(m *nhn.Message) { m.RequestDate, m.CreateDate = request, create })
	}
	strange := with(sampleMessage(), func(m *nhn.Message) { m.RecipientNo = "1011112222" })
	out["25-sent"] = sample{value: with(sent("s", badNumber), func(r **nhn.SendResult) { (*r).Recipients[0].RecipientGroupingKey = "r1" })}
	out["25-strings-for-numbers"] = sample{value: with(sent("s", badNumber), func(r **nhn.SendResult) {
		(*r).Recipients[0].RecipientNo, (*r).Recipients[0].RecipientGroupingKey = "1011112222", "r1"
	})}
	out["26-messages"] = sample{value: messagesOf(1, sampleMessage())}
	out["26-escaped"] = sample{value: messagesOf(1, with(sampleMessage(), func(m *nhn.Message) { m.Content = "안녕\n\"하늘\"\t\\ 😀</b>" }))}
	out["26-with-nulls"] = sample{value: messagesOf(-1, nhn.Message{
		RequestID: requestID, RecipientSeq: 1, PlusFriendID: "@소식", RequestDate: when, CreateDate: when, MessageStatus: "READY", ResendStatus: kakao.FallbackNone,
	})}
	out["26-strings-for-numbers"] = sample{value: messagesOf(1, strange)}
	out["26-one-field-of-one-entry-is-wrong"] = sample{value: messagesOf(2, with(sampleMessage(), func(m *nhn.Message) {
		m.Content, m.RecipientSeq, m.CreateDate, m.CreateUser, m.ResultCode = "", 0, time.Time{}, "true", ""
	}), sampleMessage())}
	minute := when.Add(-30 * time.Second)
	out["26-dates-of-every-form"] = sample{value: messagesOf(3, dated(minute, minute), dated(when.Add(123*time.Millisecond), when.Add(123456*time.Microsecond)), dated(time.Time{}, time.Time{}))}
	for _, name := range []string{"26-response-null", "26-response-missing", "26-list-null"} {
		out[name] = sample{value: messagesOf(0)}
	}
	out["27-message"] = sample{value: new(detailedMessage())}
	out["27-message-with-nulls"] = sample{value: new(with(sampleMessage(), func(m *nhn.Message) { m.ResultCode, m.ResultCodeName = "", "" }))}
	out["27-strings-for-booleans-and-numbers"] = sample{value: new(with(detailedMessage(), func(m *nhn.Message) { m.IsAd = false }))}
	out["27-buttons-are-no-list"] = sample{value: new(with(detailedMessage(), func(m *nhn.Message) { m.Buttons = nil }))}
}

func TestAnswersInEveryFormThatIsKnown(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/answers/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	want, calls := samples(), reads()
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		says, ok := want[name]
		if !ok {
			t.Errorf("nobody knows what %s says", name)
			continue
		}
		delete(want, name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			number, _, _ := strings.Cut(name, "-")
			got, err := calls[number](t.Context(), answering(string(body)))
			if (err != nil) != (says.fails || says.code != 0) || err != nil && failure(t, err).Code != says.code {
				t.Fatalf("error is %v", err)
			}
			if diff := cmp.Diff(says.value, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(nhn.Sender{}, "Raw")); diff != "" && !missing(says.value, got) {
				t.Error(diff)
			}
		})
	}
	for name := range want {
		t.Errorf("%s has no file", name)
	}
}

// missing reports whether nothing is wanted and nothing was read: a nil pointer.
func missing(want, got any) bool {
	if want != nil {
		return false
	}
	switch got := got.(type) {
	case *nhn.Sender:
		return got == nil
	case *nhn.SendResult:
		return got == nil
	case *nhn.Image:
		return got == nil
	}
	return false
}

func TestLeavesOfTheTree(t *testing.T) {
	t.Parallel()
	all := append(tree(), nhn.Category{Code: "002", Name: "쇼핑", SubCategories: []nhn.Category{{Code: "0003", Name: "패션"}}}) // a leaf above the third level
	var got []string
	for code, path := range nhn.Leaves(all) {
		names := make([]string, len(path))
		for i, c := range path {
			names[i] = c.Name
		}
		got = append(got, code+" "+strings.Join(names, " "))
	}
	want := []string{"00100010001 건강 병원 종합병원", "0020003 쇼핑 패션"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for range nhn.Leaves(all) {
		break // stopping early must not go on
	}
}

// A page that is not what it should be is no empty page: who is not on it would be
// sent to again.
func TestWhatIsNoListIsNoEmptyList(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`"messageSearchResultResponse":[]`, `"messageSearchResultResponse":"none"`, `"messageSearchResultResponse":{"messages":{}}`,
		`"messageSearchResultResponse":{"messages":"none"}`, `"messageSearchResultResponse":{"messages":["none"]}`,
	} {
		_, _, err := answering(`{`+success+`,`+body+`}`).FriendTalkMessages(t.Context(), nhn.FriendTalkQuery{RequestID: "R"})
		if e := failure(t, err); !e.InDoubt() {
			t.Errorf("%s: %v", body, e)
		}
	}
	for _, body := range []string{`"senders":"none"`, `"senders":[1]`} {
		_, _, err := answering(`{`+success+`,`+body+`}`).Senders(t.Context(), nhn.SenderFilter{})
		_ = failure(t, err)
	}
}

// What was asked for and is not in the answer is an error, and no nil.
func TestAnswersWithoutWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, empty := range []string{`{` + success + `}`, `{` + success + `,"sender":null,"senderGroup":null,"message":null,"template":null}`, `{` + success + `,"sender":1,"senderGroup":"","message":[],"template":true}`} {
		c := answering(empty)
		for name, call := range map[string]func() error{
			"Sender":            func() error { _, err := c.Sender(ctx, "k"); return err },
			"SenderGroup":       func() error { _, err := c.SenderGroup(ctx, "k"); return err },
			"FriendTalkMessage": func() error { _, err := c.FriendTalkMessage(ctx, "R", 1); return err },
			"BrandTalkMessage":  func() error { _, err := c.BrandTalkMessage(ctx, "R", 1); return err },
			"Template":          func() error { _, err := c.Template(ctx, "k", "t"); return err },
			"SendFriendTalk":    func() error { _, err := c.SendFriendTalk(ctx, one(), ""); return err },
			"SendBrandTalk":     func() error { _, err := c.SendBrandTalk(ctx, &nhn.BrandTalkRequest{}); return err },
		} {
			if e := failure(t, call()); !e.InDoubt() || e.Op == "" {
				t.Errorf("%s of %s: %v", name, empty, e)
			}
		}
	}
}

func TestASendsAnswerWithoutAReadableCodeIsInDoubt(t *testing.T) {
	t.Parallel()
	for name, recipient := range map[string]string{
		"none":         `{"recipientSeq":1,"recipientNo":"010"}`,
		"null":         `{"recipientSeq":1,"resultCode":null}`,
		"a word":       `{"recipientSeq":1,"resultCode":"SUCCESS"}`,
		"a fraction":   `{"recipientSeq":1,"resultCode":0.5}`,
		"an object":    `{"recipientSeq":1,"resultCode":{}}`,
		"no recipient": `7`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := `{` + success + `,"message":{"requestId":"R","sendResults":[` + recipient + `]}}`
			_, err := answering(body).SendFriendTalk(t.Context(), &nhn.FriendTalkRequest{}, "")
			if e, ok := errors.AsType[*nhn.Error](err); !ok || !e.InDoubt() {
				t.Errorf("err = %v, want one in doubt", err)
			}
		})
	}
}

// A batch that is looked up and seems to be missing is sent again, so an answer that
// cannot be believed must not look like an empty list.
func TestAListThatCannotBeBelievedIsAnError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer string
		err    bool
	}{
		"nothing listed":                    {`"messageSearchResultResponse":{"messages":[],"totalCount":0}`, false},
		"null for the list":                 {`"messageSearchResultResponse":{"messages":null,"totalCount":null}`, false},
		"null for the answer":               {`"messageSearchResultResponse":null`, false},
		"a word for the list":               {`"messageSearchResultResponse":{"messages":"none","totalCount":0}`, true},
		"a word for an entry":               {`"messageSearchResultResponse":{"messages":["none"],"totalCount":1}`, true},
		"a list for the answer":             {`"messageSearchResultResponse":[]`, true},
		"more counted than listed, at once": {`"messageSearchResultResponse":{"messages":[],"totalCount":3}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, _, err := answering(`{`+success+`,`+test.answer+`}`).FriendTalkMessages(t.Context(), nhn.FriendTalkQuery{RequestID: "R"})
			if (err != nil) != test.err || len(list) != 0 {
				t.Errorf("got %v, %v", list, err)
			}
		})
	}
}

func TestASenderComesWithItsAnswer(t *testing.T) {
	t.Parallel()
	const raw = `{"plusFriendId":"@a", "senderKey":"k","new":1}`
	got, err := answering(`{`+success+`,"sender":`+raw+`}`).Sender(t.Context(), "k")
	if err != nil || got.Raw != raw || got.PlusFriendID != "@a" {
		t.Errorf("got %+v, %v", got, err)
	}
}
