package nhn_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

const success = `"header":{"resultCode":0,"resultMessage":"success","isSuccessful":true}`

// answering is a client of a server that answers everything with body.
func answering(t testing.TB, body string) *nhn.Client {
	t.Helper()
	return client(serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }).URL)
}

func TestMessagesInEveryFormThatIsKnown(t *testing.T) {
	t.Parallel()
	when := time.Date(2018, 8, 10, 10, 6, 30, 0, kakao.KST)
	for name, test := range map[string]struct {
		message string
		want    nhn.Message
	}{
		"with everything": {
			`{"requestId":"R","recipientSeq":2,"plusFriendId":"@a","recipientNo":"010","requestDate":"2018-08-10 10:06:30.0","createDate":"2018-08-10T10:06:30",
			"receiveDate":"2018-08-10 10:06","content":"c","messageStatus":"COMPLETED","resendStatus":"RSC01","resendStatusName":"n","resendResultCode":"1000",
			"resendRequestId":"S","resultCode":"1000","resultCodeName":"성공","createUser":"u","imageSeq":3,"imageName":"i","imageUrl":"iu","imageLink":"il","wide":true,
			"buttons":[{"ordering":1,"type":"WL","name":"b","linkMo":"m","linkPc":null}],"isAd":true,"senderGroupingKey":"s","recipientGroupingKey":"r"}`,
			nhn.Message{
				RequestID: "R", RecipientSeq: 2, PlusFriendID: "@a", RecipientNo: "010", RequestDate: when, CreateDate: when, ReceiveDate: when.Add(-30 * time.Second),
				Content: "c", MessageStatus: "COMPLETED", ResendStatus: "RSC01", ResendStatusName: "n", ResendResultCode: "1000", ResendRequestID: "S",
				ResultCode: "1000", ResultCodeName: "성공", CreateUser: "u", ImageSeq: 3, ImageName: "i", ImageURL: "iu", ImageLink: "il", Wide: true,
				Buttons: []nhn.Button{{Ordering: 1, Type: "WL", Name: "b", LinkMo: "m"}}, IsAd: true, SenderGroupingKey: "s", RecipientGroupingKey: "r",
			},
		},
		"with nulls": {
			`{"requestId":"R","recipientSeq":1,"receiveDate":null,"resultCode":null,"wide":null,"buttons":null,"isAd":null,"imageSeq":null,"createUser":null}`,
			nhn.Message{RequestID: "R", RecipientSeq: 1},
		},
		"with strings for booleans and numbers for codes": {
			`{"requestId":"R","wide":"true","isAd":"false","resultCode":1000,"resendResultCode":2003}`,
			nhn.Message{RequestID: "R", Wide: true, ResultCode: "1000", ResendResultCode: "2003"},
		},
		"with a date that nobody knows": {`{"requestId":"R","requestDate":"tomorrow","createDate":12}`, nhn.Message{RequestID: "R"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := answering(t, `{`+success+`,"message":`+test.message+`}`).FriendTalkMessage(t.Context(), "R", 1)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestListsMayBeNull(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{` + success + `}`, `{` + success + `,"messageSearchResultResponse":null}`, `{` + success + `,"messageSearchResultResponse":{"messages":null,"totalCount":null}}`} {
		list, total, err := answering(t, body).FriendTalkMessages(t.Context(), nhn.FriendTalkQuery{RequestID: "R"})
		if err != nil || len(list) != 0 || total != 0 {
			t.Errorf("%s: %v %d %v", body, list, total, err)
		}
	}
}

func TestLeavesAreNullEmptyOrMissing(t *testing.T) {
	t.Parallel()
	tree, err := answering(t, `{`+success+`,"categories":[{"parentCode":null,"depth":1,"code":"001","name":"건강","subCategories":[
		{"parentCode":"001","depth":2,"code":"0001","name":"병원","subCategories":[
			{"depth":3,"code":"0001","name":"종합병원"},{"depth":3,"code":"0002","name":"의원","subCategories":null},{"depth":3,"code":"0003","name":"치과","subCategories":[]}]}]}]}`,
	).Categories(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for code, path := range nhn.Leaves(tree) {
		got = append(got, code+" "+path[0].Name+" "+path[1].Name+" "+path[2].Name)
	}
	want := []string{"00100010001 건강 병원 종합병원", "00100010002 건강 병원 의원", "00100010003 건강 병원 치과"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for range nhn.Leaves(tree) {
		break // stopping early must not go on
	}
}

func TestARefusedSendSaysWhyForEachRecipient(t *testing.T) {
	t.Parallel()
	c := answering(t, `{"header":{"resultCode":-1031,"resultMessage":"all","isSuccessful":false},"message":{"requestId":null,"sendResults":[
		{"recipientSeq":1,"recipientNo":"010","resultCode":-5000,"resultMessage":"RecipientNo is invalid.","recipientGroupingKey":null}]}}`)
	out, err := c.SendFriendTalk(t.Context(), one(), "")
	if e := failure(t, err); e.Code != kakao.CodeAllRefused || e.InDoubt() || e.NotSent() {
		t.Errorf("got %v", e)
	}
	want := &nhn.SendResult{Recipients: []nhn.RecipientResult{{Seq: 1, RecipientNo: "010", Code: -5000, Message: "RecipientNo is invalid."}}}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
}

func TestTheTokenMayBeAnsweredWithoutTheSender(t *testing.T) {
	t.Parallel()
	s, err := answering(t, `{`+success+`}`).EnterToken(t.Context(), "@a", 12345678)
	if s != nil || err != nil {
		t.Errorf("got %v, %v", s, err)
	}
}

// FuzzAnswer feeds the client whatever a server might answer: it must not panic,
// and never take for success what is not.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		`{` + success + `,"message":{"requestId":"R","sendResults":[{"recipientSeq":1}]}}`, answer(-1005), `null`, `[]`, `{"header":null}`,
		`{` + success + `,"messageSearchResultResponse":{"messages":[{"wide":"x","resultCode":{},"requestDate":[]}]}}`,
		`{` + success + `,"senders":[{"dormant":1,"friendtalk":null,"createDate":""}]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		rt := roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body))}, nil
		})
		c := nhn.New(nhn.Config{Appkey: "a", SecretKey: "s", HTTP: &http.Client{Transport: rt}})
		if out, err := c.SendFriendTalk(t.Context(), one(), ""); err == nil && out.RequestID == "" {
			t.Error("success without a request id")
		}
		_, _, _ = c.FriendTalkMessages(t.Context(), nhn.FriendTalkQuery{RequestID: "R"})
		_, _ = c.FriendTalkMessage(t.Context(), "R", 1)
		_, _, _ = c.Senders(t.Context(), nhn.SenderFilter{})
		_, _ = c.Categories(t.Context())
	})
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
			_, err := answering(t, body).SendFriendTalk(t.Context(), &nhn.FriendTalkRequest{}, "")
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
			list, _, err := answering(t, `{`+success+`,`+test.answer+`}`).FriendTalkMessages(t.Context(), nhn.FriendTalkQuery{RequestID: "R"})
			if (err != nil) != test.err || len(list) != 0 {
				t.Errorf("got %v, %v", list, err)
			}
		})
	}
}
