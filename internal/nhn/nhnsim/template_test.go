package nhnsim_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
)

const (
	urlEncoded = "application/x-www-form-urlencoded"
	hasVar     = "#{이름}님"
)

var (
	channelButton = m{"type": "AC", "name": "채널 추가"}
	formButton    = m{"type": "BF", "name": "톡에서 예약하기", "bizFormId": 77}
	botButton     = m{"type": "BK", "name": "문의"}
)

// testTemplates registers a template per row and expects its code. Rows that say
// nothing of it have fixed content.
func testTemplates(t *testing.T, rows map[string]struct {
	in   m
	code int
}) {
	t.Helper()
	b := open(t, nhnsim.Config{})
	n := 0
	for name, test := range rows {
		n++
		in := m{"templateCode": fmt.Sprintf("n%d", n), "templateName": name, "contentType": "F"}
		for k, v := range test.in {
			in[k] = v
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.do(t, "POST", templates, templateBody(t, in))
			if got.code() != test.code || got.at("header", "resultMessage") == "" || strings.Contains(fmt.Sprint(got.at("header", "resultMessage")), "{}") {
				t.Errorf("answered %v, want %d", got, test.code)
			}
			if len(got) != 1 {
				t.Errorf("answered more than a header: %v", got)
			}
		})
	}
}

func TestTemplateTexts(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("가", n) }
	testTemplates(t, map[string]struct {
		in   m
		code int
	}{
		"a plain one is taken":                       {nil, 0},
		"no code":                                    {m{"templateCode": nil}, -2002},
		"a blank code":                               {m{"templateCode": " "}, -2001},
		"a code of 20 characters is taken":           {m{"templateCode": strings.Repeat("z", 20)}, 0},
		"a code of 21 characters":                    {m{"templateCode": strings.Repeat("z", 21)}, -2000},
		"a code with a hyphen":                       {m{"templateCode": "spring-1"}, 4},
		"a code in Hangul":                           {m{"templateCode": "봄"}, 4},
		"no name":                                    {m{"templateName": nil}, -2002},
		"a name of 150 characters is taken":          {m{"templateName": long(150)}, 0},
		"a name of 151 characters":                   {m{"templateName": long(151)}, -2000},
		"no content":                                 {m{"templateContent": nil}, -2002},
		"blank content":                              {m{"templateContent": "\n"}, -2001},
		"content of 1,000 characters is taken":       {m{"templateContent": long(1000)}, 0},
		"content of 1,001 characters":                {m{"templateContent": long(1001)}, -2000},
		"an emoji counts twice":                      {m{"templateContent": strings.Repeat("😀", 501)}, -2000},
		"wide content of 76 characters is taken":     {m{"messageType": "W", "templateContent": long(76)}, 0},
		"wide content of 77 characters":              {m{"messageType": "W", "templateContent": long(77)}, -6004},
		"wide content of 2,000 characters":           {m{"messageType": "W", "templateContent": long(2000)}, -6004},
		"a message type that is none":                {m{"messageType": "X"}, 4},
		"a content type that is none":                {m{"contentType": "X"}, 4},
		"no types at all are taken":                  {m{"messageType": nil, "contentType": nil}, 0},
		"no way to unsubscribe":                      {m{"unsubscribeContent": nil}, -2002},
		"an 080 number alone is taken":               {m{"unsubscribeContent": "080-1111-2222"}, 0},
		"an 080 number with three digits is taken":   {m{"unsubscribeContent": "080-111-2222/1"}, 0},
		"an authentication number of 10 digits":      {m{"unsubscribeContent": "080-1111-2222/1234567890"}, 0},
		"an authentication number of 11 digits":      {m{"unsubscribeContent": "080-1111-2222/12345678901"}, -6007},
		"an authentication number that is missing":   {m{"unsubscribeContent": "080-1111-2222/"}, -6007},
		"an authentication number with letters":      {m{"unsubscribeContent": "080-1111-2222/12a"}, -6007},
		"a number that is not an 080 number":         {m{"unsubscribeContent": "070-1111-2222"}, -6007},
		"an 080 number without hyphens":              {m{"unsubscribeContent": "08011112222"}, -6007},
		"an 080 number that is too short":            {m{"unsubscribeContent": "080-1111-222"}, -6007},
		"an 080 number with letters":                 {m{"unsubscribeContent": "080-1111-22a2"}, -6007},
		"a link of the image is taken":               {m{"templateImageLink": "https://example.com"}, 0},
		"a link of the image without a scheme":       {m{"templateImageLink": "example.com"}, -3006},
		"a link of the image of 501 characters":      {m{"templateImageLink": "https://" + strings.Repeat("a", 493)}, -2000},
		"a link of the image has no variables":       {m{"templateImageLink": "https://example.com/#{a}"}, 0},
		"the URL of an image is taken":               {m{"image": "https://example.com/a.png"}, 0},
		"the URL of an image without a scheme":       {m{"image": "a.png"}, -8001},
		"the URL of an image of 2,001 characters":    {m{"image": "https://" + strings.Repeat("a", 1993)}, -2000},
		"a member of another type":                   {m{"templateName": 1}, -3002},
		"members nobody knows pass":                  {m{"x": 1, "buttons[0]": 1, "buttons[0].x": 1, "buttons[0].name": nil}, -3014},
		"members nobody knows pass beside no button": {m{"x": 1, "buttons[0]": 1, "buttons[0].name": nil}, 0},
	})
}

func TestTemplateVariables(t *testing.T) {
	t.Parallel()
	variables := func(from, to int) string {
		s := ""
		for i := range to - from {
			s += fmt.Sprintf("#{v%d}", from+i)
		}
		return s
	}
	link := func(s string) []m { return []m{{"type": "WL", "name": "보기", "linkMo": s}} }
	testTemplates(t, map[string]struct {
		in   m
		code int
	}{
		"fixed content with a variable":                {m{"templateContent": hasVar}, -6000},
		"fixed content with a variable in a link":      {m{"buttons": link("https://a/#{b}")}, -6000},
		"fixed content with a bracket that never ends": {m{"templateContent": "#{이름"}, 0},
		"fixed content with a button's name like one":  {m{"buttons": []m{{"type": "BK", "name": "#{이름}"}}}, 0},
		"variable content without":                     {m{"contentType": "V"}, -6001},
		"variable content with one":                    {m{"contentType": "V", "templateContent": hasVar}, 0},
		"variable content with one in a link alone":    {m{"contentType": "V", "buttons": link("https://a/#{b}")}, 0},
		"20 variables":                       {m{"contentType": "V", "templateContent": variables(0, 20) + "#{v1}"}, 0},
		"21 variables":                       {m{"contentType": "V", "templateContent": variables(0, 21)}, -6002},
		"21 variables with those of a link":  {m{"contentType": "V", "templateContent": variables(0, 20), "buttons": link("https://a/#{b}")}, -6002},
		"a name of 20 characters":            {m{"contentType": "V", "templateContent": "#{이름-_Az09가나다라마바사아자차카타}"}, 0},
		"a name of 21 characters":            {m{"contentType": "V", "templateContent": "#{이름-_Az09가나다라마바사아자차카타파}"}, -6003},
		"a name that is empty":               {m{"contentType": "V", "templateContent": "#{}"}, -6003},
		"a name with a space":                {m{"contentType": "V", "templateContent": "#{고객 이름}"}, -6003},
		"a name with another sign":           {m{"contentType": "V", "templateContent": "#{a|b}"}, -6003},
		"a name in Japanese":                 {m{"contentType": "V", "templateContent": "#{名}"}, -6003},
		"a name within a name":               {m{"contentType": "V", "templateContent": "#{a#{b}}"}, -6003},
		"a name in a link that is wrong":     {m{"contentType": "V", "buttons": link("https://a/#{b c}")}, -6003},
		"a link that begins with a variable": {m{"contentType": "V", "buttons": link("#{link}")}, -3006},
	})
}

func TestTemplateButtons(t *testing.T) {
	t.Parallel()
	with := func(list ...m) m { return m{"buttons": list} }
	wide := func(list ...m) m { return m{"buttons": list, "messageType": "W"} }
	long := "https://" + strings.Repeat("a", 493)
	form := func(k string, v any) m {
		return with(m{"type": "BF", "name": "톡에서 예약하기", "bizFormId": 77, k: v})
	}
	testTemplates(t, map[string]struct {
		in   m
		code int
	}{
		"five are taken":                              {with(many(5)...), 0},
		"six":                                         {with(many(6)...), -2018},
		"two under a wide image are taken":            {wide(many(2)...), 0},
		"three under a wide image":                    {wide(many(3)...), -6004},
		"a type that is none":                         {with(m{"type": "XX", "name": "n"}), -3014},
		"a type that is missing":                      {with(m{"name": "n"}), -3014},
		"a name that is missing":                      {with(m{"type": "BK"}), -3009},
		"a name of 14 characters is taken":            {with(m{"type": "BK", "name": strings.Repeat("가", 14)}), 0},
		"a name of 15 characters":                     {with(m{"type": "BK", "name": strings.Repeat("가", 15)}), -2000},
		"a web link without a link":                   {with(m{"type": "WL", "name": "n", "linkPc": "https://a"}), -3000},
		"a web link without a scheme":                 {with(m{"type": "WL", "name": "n", "linkMo": "a.b"}), -3006},
		"a PC link without a scheme":                  {with(m{"type": "WL", "name": "n", "linkMo": "https://a", "linkPc": "a"}), -3006},
		"a link of 501 characters":                    {with(m{"type": "WL", "name": "n", "linkMo": long}), -2000},
		"a scheme of 501 characters":                  {with(m{"type": "AL", "name": "n", "schemeIos": "a://", "schemeAndroid": long}), -2000},
		"an app link with both schemes is taken":      {with(m{"type": "AL", "name": "n", "schemeIos": "a://", "schemeAndroid": "a://"}), 0},
		"an app link without its Android scheme":      {with(m{"type": "AL", "name": "n", "schemeIos": "a://", "linkMo": "https://a"}), -3007},
		"an app link without its iOS scheme":          {with(m{"type": "AL", "name": "n", "schemeAndroid": "a://"}), -3007},
		"the channel's is taken":                      {with(channelButton), 0},
		"the channel's by another name":               {with(m{"type": "AC", "name": "추가"}), -3026},
		"the channel's behind another":                {with(botButton, channelButton), -6005},
		"the channel's twice":                         {with(channelButton, channelButton), -6005},
		"the channel's last under a wide image":       {wide(botButton, channelButton), 0},
		"the channel's first under a wide image":      {wide(channelButton, botButton), -6005},
		"a form's is taken":                           {with(formButton), 0},
		"a form's with its id as text is taken":       {form("bizFormId", "78"), 0},
		"a form's without its id":                     {form("bizFormId", nil), -6006},
		"a form's with an id that is none":            {form("bizFormId", 0), -6006},
		"a form's with an id in letters":              {form("bizFormId", "x"), -9994},
		"a form's by another name":                    {form("name", "예약"), -6006},
		"a form's behind another":                     {with(botButton, formButton), -6006},
		"a form's last under a wide image":            {wide(botButton, formButton), 0},
		"a form's first under a wide image":           {wide(formButton, botButton), -6006},
		"the channel's, then a form's":                {with(channelButton, formButton, botButton), 0},
		"a form's, then the channel's":                {with(formButton, channelButton), -6006},
		"a form's, then the channel's, wide":          {wide(formButton, channelButton), 0},
		"the channel's, then a form's, wide":          {wide(channelButton, formButton), -6005},
		"the channel's, then another, then a form's":  {with(channelButton, botButton, formButton), -6006},
		"those named like a form's fields":            {m{"buttons[0].type": "BF", "buttons[0].name": "톡에서 설문하기", "buttons[0].bizFormId": 5, "buttons[1].type": "BK", "buttons[1].name": "문의"}, 0},
		"one too many named like a form's fields":     {m{"buttons[1000000].type": "BK", "buttons[1000000].name": "n"}, -2018},
		"one named like a form's field, gaps before":  {m{"buttons[1].type": "BK", "buttons[1].name": "n"}, -3014},
		"one in a place that is no number":            {m{"buttons[x].type": "BK"}, -9994},
		"one in a place that is below the first":      {m{"buttons[-1].type": "BK"}, -9994},
		"members in any case are the same":            {m{"BUTTONS": []m{{"TYPE": "BK", "Name": "n"}}}, 0},
		"one that is no object":                       {m{"buttons": []int{1}}, -3002},
		"none at all":                                 {m{"buttons": nil}, 0},
		"a link under a button that needs none":       {with(m{"type": "BK", "name": "n", "linkMo": "a"}), -3006},
		"a text where a list belongs":                 {m{"buttons": "x"}, -3002},
		"a field like a form's with a broken content": {m{"buttons[0].type": m{"a": 1}}, -3014},
	})
}

func TestTemplatesNeedASender(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	for key, s := range map[string]nhnsim.Sender{
		"waiting": {PlusFriendID: "@1"}, "blocked": {PlusFriendID: "@2", Registered: true, Blocked: true},
		"dormant": {PlusFriendID: "@3", Registered: true, Dormant: true}, "other": {PlusFriendID: "@4", Registered: true},
	} {
		s.SenderKey = key
		_, err := b.sim.AddSender(appkey, s)
		must(t, err)
	}
	b.template(t, m{"templateContent": hasVar})
	for i, test := range []struct {
		key  string
		in   m
		code int
	}{
		{"nobody", nil, -2017},
		{"waiting", nil, -1014},
		{"dormant", nil, -1014},
		{"blocked", nil, -1027},
		{fromKey, m{"templateName": "다른 이름"}, -3001},
		{fromKey, m{"templateCode": "t2"}, -3001},
		{fromKey, m{"templateCode": "t2", "templateName": "다른 이름"}, 0},
		{"other", nil, 0},
	} {
		in := m{"contentType": "F"}
		for k, v := range test.in {
			in[k] = v
		}
		if got := b.do(t, "POST", brand+"/senders/"+test.key+"/templates", templateBody(t, in)); got.code() != test.code {
			t.Errorf("row %d answered %v, want %d", i, got, test.code)
		}
	}
	for path, code := range map[string]int{"/senders/nobody/templates/t1": -2017, "/senders/" + fromKey + "/templates/T1": -3003, "/senders/other/templates/t1": 0} {
		if got := b.do(t, "GET", brand+path, ""); got.code() != code {
			t.Errorf("%s answered %v, want %d", path, got, code)
		}
	}
}

func TestATemplateIsShownAsItWasRegistered(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	b.template(t, m{
		"templateContent": hasVar, "templateImageLink": "https://example.com/i", "image": "https://example.com/a.png",
		"buttons": []m{channelButton, formButton, {"type": "AL", "name": "앱", "linkMo": "https://a/#{x}", "linkPc": "https://b", "schemeIos": "i://", "schemeAndroid": "a://"}},
	})
	got, _ := b.do(t, "GET", templates+"/t1", "").at("template").(m)
	hasFields(t, got, "plusFriendId senderKey templateCode templateName messageType contentType templateContent unsubscribeContent templateImageLink templateImageUrl buttons kakaoStatus createDate updateDate")
	for k, want := range (m{
		"plusFriendId": from, "senderKey": fromKey, "templateCode": "t1", "templateName": "봄 소식", "messageType": "I", "contentType": "V",
		"templateContent": hasVar, "unsubscribeContent": "080-1111-2222/12345", "templateImageLink": "https://example.com/i",
		"templateImageUrl": "https://example.com/a.png", "kakaoStatus": "R", "createDate": "2026-03-02 12:00:00.0", "updateDate": "2026-03-02 12:00:00.0",
	}) {
		if got[k] != want {
			t.Errorf("%s is %v, want %v", k, got[k], want)
		}
	}
	for i, want := range []m{
		{"name": "채널 추가", "type": "AC", "linkMo": nil, "linkPc": nil, "schemeAndroid": nil, "schemeIos": nil, "bizFormId": nil},
		{"name": "톡에서 예약하기", "type": "BF", "linkMo": nil, "linkPc": nil, "schemeAndroid": nil, "schemeIos": nil, "bizFormId": 77.0},
		{"name": "앱", "type": "AL", "linkMo": "https://a/#{x}", "linkPc": "https://b", "schemeAndroid": "a://", "schemeIos": "i://", "bizFormId": nil},
	} {
		if have := object(got).at("buttons", i); fmt.Sprint(have) != fmt.Sprint(want) || len(have.(m)) != len(want) {
			t.Errorf("button %d is %v, want %v", i, have, want)
		}
	}
	b.template(t, m{"templateCode": "t2", "templateName": "2", "contentType": nil, "messageType": "W"})
	got, _ = b.do(t, "GET", templates+"/t2", "").at("template").(m)
	for k, want := range (m{"messageType": "W", "contentType": "F", "templateImageLink": nil, "templateImageUrl": nil}) {
		if have, there := got[k]; !there || have != want {
			t.Errorf("%s is %v, want %v", k, have, want)
		}
	}
}

// hasFields fails unless o has exactly these members.
func hasFields(t testing.TB, o m, names string) {
	t.Helper()
	want := strings.Fields(names)
	var have []string
	for k := range o {
		have = append(have, k)
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(have, want) {
		t.Errorf("has %v\nwant %v", have, want)
	}
}

// form is a registration's fields by the names that forms give them.
func form(code string) map[string]string {
	return map[string]string{
		"templateCode": code, "templateName": code, "messageType": "I", "contentType": "V", "templateContent": hasVar + "\n어서 오세요",
		"unsubscribeContent": "080-1111-2222", "templateImageLink": "https://example.com", "buttons[0].type": "BF", "buttons[0].name": "톡에서 응모하기",
		"buttons[0].bizFormId": "9", "buttons[1].type": "WL", "buttons[1].name": "보기", "buttons[1].linkMo": "https://a/#{b}",
		"buttons[1].linkPc": "https://pc", "buttons[1].schemeIos": "i://", "buttons[1].schemeAndroid": "a://",
	}
}

// parts writes fields, and a file under "image" unless it has no name, in parts.
func parts(t testing.TB, fields map[string]string, name string, file []byte) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range fields {
		must(t, w.WriteField(k, v))
	}
	if name != "" {
		f, err := w.CreateFormFile("image", name)
		must(t, err)
		_, err = f.Write(file)
		must(t, err)
	}
	must(t, w.Close())
	return b.String(), w.FormDataContentType()
}

func encoded(fields map[string]string) string {
	v := url.Values{}
	for k, s := range fields {
		v.Set(k, s)
	}
	return v.Encode()
}

func TestTemplatesComeInManyWritings(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{ImageBaseURL: "https://images.example/"})
	flat, err := json.Marshal(form("json1"))
	must(t, err)
	multi, boundary := parts(t, form("parts1"), "", nil)
	withFile, fileBoundary := parts(t, form("file1"), "봄.png", picture(t, "png", 500, 400))
	fields := form("url1")
	fields["image"] = "https://example.com/a.jpg"
	withURL, urlBoundary := parts(t, fields, "", nil)
	for code, test := range map[string]struct {
		body, contentType string
		image             any
	}{
		"json1":  {string(flat), "application/json", nil},
		"form1":  {encoded(form("form1")), urlEncoded + "; charset=UTF-8", nil},
		"parts1": {multi, boundary, nil},
		"file1":  {withFile, fileBoundary, "https://images.example/36ecfabaa5ee85b320cfe151cf072639b001cd6f.png"},
		"url1":   {withURL, urlBoundary, "https://example.com/a.jpg"},
	} {
		if got := b.do(t, "POST", templates, test.body, "Content-Type", test.contentType); got.code() != 0 {
			t.Errorf("%s answered %v", code, got)
			continue
		}
		got := b.do(t, "GET", templates+"/"+code, "")
		button := got.at("template", "buttons", 1).(m)
		want := m{"name": "보기", "type": "WL", "linkMo": "https://a/#{b}", "linkPc": "https://pc", "schemeAndroid": "a://", "schemeIos": "i://", "bizFormId": nil}
		if got.at("template", "buttons", 0, "bizFormId") != 9.0 || fmt.Sprint(button) != fmt.Sprint(want) ||
			got.at("template", "templateContent") != hasVar+"\n어서 오세요" || got.at("template", "templateImageUrl") != test.image {
			t.Errorf("%s is %v", code, got)
		}
	}
}

func TestTemplatesInOtherWritingsAreRefused(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	whole, boundary := parts(t, form("p"), "", nil)
	bad := form("f")
	bad["buttons[0].bizFormId"] = "x"
	for name, test := range map[string]struct {
		body, contentType string
		code              int
	}{
		"plain text":                           {encoded(form("a")), "text/plain", -9996},
		"XML":                                  {"<a/>", "application/xml", -9996},
		"no content type":                      {"{}", "", -9996},
		"JSON that is none":                    {"{", "application/json", -3002},
		"JSON that is a list":                  {"[]", "application/json", -3002},
		"JSON that is nothing":                 {"null", "application/json", -2002},
		"JSON with a broken field of a button": {`{"buttons[0].type":"a}`, "application/json", -3002},
		"a form with broken escapes":           {"templateCode=%zz", urlEncoded, -3002},
		"a form without anything":              {"", urlEncoded, -2002},
		"a form with an id in letters":         {encoded(bad), urlEncoded, -9994},
		"parts that end before their end":      {whole[:len(whole)-5], boundary, -3002},
		"parts that end in the middle":         {whole[:len(whole)/2], boundary, -3002},
		"parts without a boundary":             {whole, "multipart/form-data", -3002},
		"parts with another boundary":          {whole, "multipart/form-data; boundary=x", -3002},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := b.do(t, "POST", templates, test.body, "Content-Type", test.contentType); got.code() != test.code {
				t.Errorf("answered %v, want %d", got, test.code)
			}
		})
	}
	if got := b.do(t, "POST", templates, templateBody(t, nil), kakao.HeaderSecretKey, "x"); got.code() != -1001 {
		t.Errorf("with another secret key: %v", got)
	}
}

func TestTemplateImages(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	fill := func(file []byte, size int) []byte { return append(file, make([]byte, size-len(file))...) }
	half := func(file []byte) []byte { return file[:len(file)/2] }
	n := 0
	for name, test := range map[string]struct {
		wide bool
		file []byte
		name string
		code int
	}{
		"a PNG":                                    {false, picture(t, "png", 800, 400), "a.png", 0},
		"a JPEG":                                   {false, picture(t, "jpg", 800, 400), "a.jpg", 0},
		"a JPEG by the name of a PNG":              {false, picture(t, "jpg", 800, 400), "a.png", 0},
		"a JPEG by the name of a GIF":              {false, picture(t, "jpg", 800, 400), "a.gif", -4009},
		"a GIF by the name of a PNG":               {false, picture(t, "gif", 800, 400), "a.png", -4009},
		"what is no image":                         {false, []byte("hello"), "a.png", -4009},
		"an empty file":                            {false, nil, "a.png", -8001},
		"half a PNG":                               {false, half(picture(t, "png", 800, 400)), "a.png", -8001},
		"half a JPEG":                              {false, half(picture(t, "jpg", 800, 400)), "a.jpg", -8001},
		"the beginning of a JPEG":                  {false, []byte("\xff\xd8\xff\xe0"), "a.jpg", -8001},
		"2 MB":                                     {false, fill(picture(t, "png", 800, 400), 2<<20), "a.png", 0},
		"a byte more than 2 MB":                    {false, fill(picture(t, "png", 800, 400), 2<<20+1), "a.png", -4007},
		"500 wide and half as high":                {false, picture(t, "png", 500, 250), "a.png", 0},
		"less than half as high":                   {false, picture(t, "png", 500, 249), "a.png", -8001},
		"less than 500 wide":                       {false, picture(t, "png", 499, 400), "a.png", -8001},
		"4/3 as high as wide":                      {false, picture(t, "png", 600, 800), "a.png", 0},
		"more than 4/3 as high as wide":            {false, picture(t, "png", 600, 801), "a.png", -8001},
		"as high as a wide one may be":             {true, picture(t, "png", 600, 600), "a.png", 0},
		"higher than a wide one may be":            {true, picture(t, "png", 600, 601), "a.png", -8001},
		"less than half as high, wide":             {true, picture(t, "png", 600, 299), "a.png", -8001},
		"a name of 256 characters":                 {false, picture(t, "png", 800, 400), strings.Repeat("a", 252) + ".png", -2000},
		"what would unfold to a billion of pixels": {false, huge(t), "a.png", -8001},
	} {
		n++
		fields := form(fmt.Sprintf("i%d", n))
		if fields["messageType"] = "I"; test.wide {
			fields["messageType"], fields["templateContent"] = "W", hasVar
			delete(fields, "buttons[0].type")
			fields["buttons[0].type"], fields["buttons[0].name"] = "BK", "문의"
		}
		body, contentType := parts(t, fields, test.name, test.file)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.do(t, "POST", templates, body, "Content-Type", contentType)
			if got.code() != test.code || strings.Contains(fmt.Sprint(got), "{}") {
				t.Errorf("answered %v, want %d", got, test.code)
			}
		})
	}
}

// huge is the head of a PNG of 40,000 × 30,000 pixels.
func huge(t testing.TB) []byte {
	t.Helper()
	small := picture(t, "png", 500, 400)
	copy(small[16:], "\x00\x00\x9c\x40\x00\x00\x75\x30")
	binary.BigEndian.PutUint32(small[29:], crc32.ChecksumIEEE(small[12:29]))
	return small
}

func TestAnImageThatWasNotChosenIsNone(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	body := strings.ReplaceAll("--x\nContent-Disposition: form-data; name=\"image\"; filename=\"\"\nContent-Type: application/octet-stream\n\n\n"+
		"--x\nContent-Disposition: form-data; name=\"note\"; filename=\"a.txt\"\n\nnobody asked\n", "\n", "\r\n")
	for k, v := range form("t1") {
		body += "--x\r\nContent-Disposition: form-data; name=\"" + k + "\"\r\n\r\n" + v + "\r\n"
	}
	if got := b.do(t, "POST", templates, body+"--x--\r\n", "Content-Type", "multipart/form-data; boundary=x"); got.code() != 0 {
		t.Fatalf("answered %v", got)
	}
	if got := b.do(t, "GET", templates+"/t1", ""); got.at("template", "templateImageUrl") != nil {
		t.Errorf("got %v", got)
	}
}

func TestTemplatesAreSeeded(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	first, err := b.sim.AddTemplate(appkey, nhnsim.Template{SenderKey: fromKey, Code: "s1", Content: hasVar})
	must(t, err)
	if first.Name != "s1" || first.ContentType != "V" || first.MessageType != "I" || first.Status != "R" || !first.CreateDate.Equal(noon) {
		t.Errorf("seeded %+v", first)
	}
	again, err := b.sim.AddTemplate(appkey, nhnsim.Template{SenderKey: fromKey, Code: "s1", Content: "다른 내용"})
	must(t, err)
	if again.Content != hasVar {
		t.Errorf("a second seed changed it: %+v", again)
	}
	for name, in := range map[string]nhnsim.Template{
		"an unknown sender":       {SenderKey: "x", Code: "s2", Content: "c"},
		"no code":                 {SenderKey: fromKey, Content: "c"},
		"no content":              {SenderKey: fromKey, Code: "s2"},
		"a rule that it violates": {SenderKey: fromKey, Code: "s2", Content: "c", ContentType: "V"},
	} {
		if _, err := b.sim.AddTemplate(appkey, in); err == nil {
			t.Errorf("%s passed", name)
		}
	}
	if _, err := b.sim.AddTemplate("nobody", first); err == nil || b.sim.Templates("nobody") != nil {
		t.Error("an unknown appkey passed")
	}
	b.Add(time.Hour)
	must(t, b.sim.SetTemplate(appkey, fromKey, "s1", func(t *nhnsim.Template) { t.Status, t.Code = kakao.TemplateBlocked, "other" }))
	got := b.do(t, "GET", templates+"/s1", "")
	if got.at("template", "kakaoStatus") != "S" || got.at("template", "updateDate") != "2026-03-02 13:00:00.0" || got.at("template", "createDate") != "2026-03-02 12:00:00.0" {
		t.Errorf("got %v", got)
	}
	for _, err := range []error{
		b.sim.SetTemplate("nobody", fromKey, "s1", nil), b.sim.SetTemplate(appkey, "x", "s1", nil), b.sim.SetTemplate(appkey, fromKey, "x", nil),
	} {
		if err == nil {
			t.Error("what is unknown was changed")
		}
	}
}

func TestTemplatesOverTheControlPaths(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	button := m{"type": "WL", "name": "보기", "linkMo": "https://example.com/#{번호}"}
	status, got := b.control(t, "POST", "templates", string(encode(t, m{"appkey": appkey, "plusFriendId": from, "templateCode": "s1", "templateContent": "안녕", "buttons": []m{button}})))
	if status != 200 || got["senderKey"] != fromKey || got["contentType"] != "V" || got["kakaoStatus"] != "R" || got.at("buttons", 0, "name") != "보기" {
		t.Errorf("answered %d %v", status, got)
	}
	status, got = b.control(t, "POST", "templates", string(encode(t, m{"senderKey": fromKey, "templateCode": "s1", "kakaoStatus": "S"})))
	if status != 200 || got["kakaoStatus"] != "S" || got["templateContent"] != "안녕" || got.at("buttons", 0, "linkMo") != "https://example.com/#{번호}" {
		t.Errorf("answered %d %v", status, got)
	}
	_, got = b.control(t, "POST", "templates", string(encode(t, m{"senderKey": fromKey, "templateCode": "s1", "buttons": []m{{"type": "BK", "name": "다른"}}})))
	if got.at("buttons", 0, "name") != "다른" || got.at("buttons", 0, "linkMo") != nil {
		t.Errorf("another button is laid over the old one: %v", got)
	}
	if got := b.do(t, "GET", templates+"/s1", ""); got.at("template", "kakaoStatus") != "S" {
		t.Errorf("got %v", got)
	}
	if _, state := b.control(t, "GET", "state", ""); state.at("templates", 0, "templateCode") != "s1" || state.at("templates", 0, "plusFriendId") != from {
		t.Errorf("the state is %v", state)
	}
	for name, test := range map[string]struct {
		in   m
		says string
	}{
		"a template of no sender":           {m{"templateCode": "x"}, `senderKey, plusFriendId: "" is no sender`},
		"a template of an unknown key":      {m{"senderKey": "x", "templateCode": "x"}, `"x" is unknown`},
		"a template without content":        {m{"senderKey": fromKey, "templateCode": "x"}, "templateContent"},
		"a template of no known status":     {m{"senderKey": fromKey, "templateCode": "s1", "kakaoStatus": "X"}, `kakaoStatus: "X" is none of`},
		"a template with a slip of the pen": {m{"senderKey": fromKey, "templatecod": "s1"}, "templatecod: no such member"},
	} {
		status, got := b.control(t, "POST", "templates", string(encode(t, test.in)))
		if text, _ := got["error"].(string); status != 400 || !strings.Contains(text, test.says) {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
}

func TestTemplatesSurviveARestart(t *testing.T) {
	t.Parallel()
	cfg := nhnsim.Config{StateFile: stateFile(t), ImageBaseURL: "https://images.example"}
	b := open(t, cfg)
	body, contentType := parts(t, form("t1"), "봄.png", picture(t, "png", 500, 400))
	if got := b.do(t, "POST", templates, body, "Content-Type", contentType); got.code() != 0 {
		t.Fatalf("answered %v", got)
	}
	b.template(t, m{"templateCode": "t2", "templateName": "2", "contentType": "F"})
	must(t, b.sim.SetTemplate(appkey, fromKey, "t2", func(t *nhnsim.Template) { t.Status = kakao.TemplateBlocked }))
	before := b.do(t, "GET", templates+"/t1", "")
	must(t, b.sim.Close())
	cfg.Now = b.clock.Now
	b.start(t, cfg)
	if after := b.do(t, "GET", templates+"/t1", ""); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("was %v\nis  %v", before, after)
	}
	list := b.sim.Templates(appkey)
	if len(list) != 2 || list[0].ImageName != "봄.png" || list[1].Status != "S" {
		t.Errorf("got %+v", list)
	}
}

// FuzzTemplate hands over whatever a client might, in every writing: it must be
// answered with a header, and what was taken must be the same after a restart.
func FuzzTemplate(f *testing.F) {
	multi, boundary := parts(f, form("p1"), "a.png", picture(f, "png", 500, 400))
	f.Add(multi, boundary)
	f.Add(encoded(form("f1")), urlEncoded)
	f.Add("templateCode=a&templateName=%ff%fe&unsubscribeContent=080-111-2222&templateContent=%00%ff", urlEncoded)
	for _, s := range []string{
		templateBody(f, nil), templateBody(f, m{"templateContent": "#{a}#{b}#{a}#{"}), templateBody(f, m{"buttons": []m{formButton, webLink}}), "{", "null",
		`{"buttons[0].type":1,"buttons":[null]}`, `{"templateCode":"a","templateName":"\ud800","templateContent":"\u0000","unsubscribeContent":"080-111-2222","image":"http://"}`,
	} {
		f.Add(s, "application/json")
	}
	f.Fuzz(func(t *testing.T, in, contentType string) {
		cfg := nhnsim.Config{StateFile: stateFile(t), Now: func() time.Time { return noon }}
		sim := openPlain(t, cfg)
		fuzzed(t, sim, templates, in, contentType)
		before := shown(t, sim)
		must(t, sim.Close())
		again := openPlain(t, cfg)
		if after := shown(t, again); !slices.Equal(before, after) {
			t.Errorf("shown as %q, after a restart %q", before, after)
		}
		must(t, again.Close())
	})
}

// openPlain opens a simulator with an appkey and a sender, without serving it.
func openPlain(t testing.TB, cfg nhnsim.Config) *nhnsim.Sim {
	t.Helper()
	sim, err := nhnsim.Open(cfg)
	must(t, err)
	must(t, sim.AddAppkey(appkey, secret))
	_, err = sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: from, Registered: true})
	must(t, err)
	return sim
}

// fuzzed posts what need not be valid and expects a header.
func fuzzed(t testing.TB, sim *nhnsim.Sim, path, in, contentType string) {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(in))
	r.Header.Set(kakao.HeaderSecretKey, secret)
	r.Header.Set("Content-Type", contentType)
	sim.ServeHTTP(w, r)
	var answer object
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK || answer.at("header", "isSuccessful") == nil {
		t.Errorf("answered %d %q: %v", w.Code, w.Body, err)
	}
}

// shown are the answers to readings of all templates.
func shown(t testing.TB, sim *nhnsim.Sim) []string {
	t.Helper()
	var out []string
	for _, in := range sim.Templates(appkey) {
		out = append(out, fuzzedRead(t, sim, templates+"/"+in.Code))
	}
	return out
}

func fuzzedRead(t testing.TB, sim *nhnsim.Sim, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	r.Header.Set(kakao.HeaderSecretKey, secret)
	sim.ServeHTTP(w, r)
	var answer object
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.code() != 0 {
		t.Errorf("answered %q: %v", w.Body, err)
	}
	return w.Body.String()
}
