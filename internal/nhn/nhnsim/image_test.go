package nhnsim_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"soshik/internal/kakao"
	"soshik/internal/nhn/nhnsim"
)

// picture is a JPEG, or a PNG or GIF where the kind says so.
func picture(t testing.TB, kind string, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	im := image.NewGray(image.Rect(0, 0, width, height))
	switch kind {
	case "png":
		must(t, png.Encode(&b, im))
	case "gif":
		must(t, gif.Encode(&b, im, nil))
	default:
		must(t, jpeg.Encode(&b, im, nil))
	}
	return b.Bytes()
}

// bomb is a PNG of a bit a pixel: small as a file, but not when it is decoded.
func bomb(t testing.TB, width, height int) []byte {
	t.Helper()
	b := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
		b = append(append(b, kind...), data...)
		b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[len(b)-len(data)-4:]))
	}
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(width)), uint32(height))
	chunk("IHDR", append(size, 1, 0, 0, 0, 0))
	var rows bytes.Buffer
	z := zlib.NewWriter(&rows)
	row := make([]byte, 1+(width+7)/8)
	for range height {
		_, err := z.Write(row)
		must(t, err)
	}
	must(t, z.Close())
	chunk("IDAT", rows.Bytes())
	chunk("IEND", nil)
	return b
}

// part is a field of a form: a file when it has a file name.
type part struct {
	field, file string
	body        []byte
}

func formOf(t testing.TB, parts ...part) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		out, err := w.CreateFormField(p.field)
		if p.file != "" {
			out, err = w.CreateFormFile(p.field, p.file)
		}
		must(t, err)
		_, err = out.Write(p.body)
		must(t, err)
	}
	must(t, w.Close())
	return b.String(), w.FormDataContentType()
}

// upload sends a form to endpoint 30.
func (b *bench) upload(t testing.TB, parts ...part) object {
	t.Helper()
	body, contentType := formOf(t, parts...)
	return b.do(t, "POST", talk+"/images", body, "Content-Type", contentType)
}

// get reads what is at a URL.
func get(t testing.TB, url string) (*http.Response, []byte) {
	t.Helper()
	resp, err := http.Get(url)
	must(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp, raw
}

func TestImagesFromUploadToDeletion(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	jpg, wide := picture(t, "jpg", 800, 400), picture(t, "png", 800, 600)
	first := b.upload(t, part{"image", "봄 할인.JPG", jpg})
	url := first.at("image", "imageUrl").(string)
	same(t, first, m{"header": header, "image": m{"imageSeq": 1.0, "imageUrl": url, "imageName": "봄 할인.JPG"}})
	b.Add(time.Minute)
	second := b.upload(t, part{"wide", "", []byte("true")}, part{"image", "wide.png", wide})
	wideURL := second.at("image", "imageUrl").(string)

	for _, want := range []struct {
		url, ending, contentType string
		bytes                    []byte
	}{{url, ".jpg", "image/jpeg", jpg}, {wideURL, ".png", "image/png", wide}} {
		resp, got := get(t, want.url)
		if !strings.HasPrefix(want.url, b.url+"/_sim/images/") || !strings.HasSuffix(want.url, want.ending) ||
			resp.Header.Get("Content-Type") != want.contentType || !bytes.Equal(got, want.bytes) {
			t.Errorf("%s is served as %s of %d bytes", want.url, resp.Header.Get("Content-Type"), len(got))
		}
	}
	one := m{"imageSeq": 1.0, "imageUrl": url, "imageName": "봄 할인.JPG", "wide": false, "createDate": "2026-03-02 12:00:00.0"}
	two := m{"imageSeq": 2.0, "imageUrl": wideURL, "imageName": "wide.png", "wide": true, "createDate": "2026-03-02 12:01:00.0"}
	list := func(images ...any) m {
		return m{"header": header, "imagesResponse": m{"images": images, "totalCount": 2.0}}
	}
	same(t, b.do(t, "GET", talk+"/images", ""), list(two, one))
	same(t, b.do(t, "GET", talk+"/images?pageSize=1", ""), list(two))
	same(t, b.do(t, "GET", talk+"/images?pageNum=2&pageSize=1", ""), list(one))
	same(t, b.do(t, "GET", talk+"/images?pageNum=3&pageSize=1", ""), list([]any{}...))

	same(t, b.do(t, "DELETE", talk+"/images?imageSeq=1,%202", ""), m{"header": header})
	same(t, b.do(t, "GET", talk+"/images", ""), m{"header": header, "imagesResponse": m{"images": []any{}, "totalCount": 0.0}})
	if got := b.upload(t, part{"image", "a.jpg", jpg}); got.at("image", "imageSeq") != 3.0 {
		t.Errorf("a number is used again: %v", got)
	}
}

func TestUploadsAreRefused(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	must(t, b.sim.AddAppkey("bare", secret))
	_, err := b.sim.AddSender("bare", nhnsim.Sender{PlusFriendID: "@waiting"})
	must(t, err)
	jpg := picture(t, "jpg", 800, 400)
	padded := func(n int) []byte { return append(bytes.Clone(jpg), make([]byte, n-len(jpg))...) }
	sized := func(kind string, width, height int) []part {
		return []part{{"image", "a." + kind, picture(t, kind, width, height)}}
	}
	wide := func(width, height int) []part {
		return append(sized("jpg", width, height), part{"wide", "", []byte("True")})
	}
	file := func(name string, b []byte) []part { return []part{{"image", name, b}} }
	for name, test := range map[string]struct {
		parts []part
		code  int
	}{
		"800 by 400 is taken":                          {sized("jpg", 800, 400), 0},
		"PNG is taken":                                 {sized("png", 800, 400), 0},
		"PNG named as JPEG is taken":                   {file("a.jpeg", picture(t, "png", 500, 250)), 0},
		"500 by 250 is taken":                          {sized("jpg", 500, 250), 0},
		"499 by 250":                                   {sized("jpg", 499, 250), -8001},
		"500 by 249":                                   {sized("jpg", 500, 249), -8001},
		"wider than twice as high":                     {sized("jpg", 801, 400), -8001},
		"600 by 800 is taken":                          {sized("png", 600, 800), 0},
		"600 by 801":                                   {sized("png", 600, 801), -8001},
		"wide of 800 by 600 is taken":                  {wide(800, 600), 0},
		"wide of 500 by 500 is taken":                  {wide(500, 500), 0},
		"wide of 500 by 501":                           {wide(500, 501), -8001},
		"wide of 500 by 250 is taken":                  {wide(500, 250), 0},
		"wide of 502 by 250":                           {wide(502, 250), -8001},
		"wide of 499 by 400":                           {wide(499, 400), -8001},
		"no part at all":                               {nil, -9993},
		"no image":                                     {[]part{{"wide", "", []byte("true")}}, -9993},
		"an image that is no file":                     {[]part{{"image", "", jpg}}, -9993},
		"a file under another name":                    {[]part{{"file", "a.jpg", jpg}}, -9993},
		"wide that is no truth":                        {append(sized("jpg", 800, 400), part{"wide", "", []byte("yes")}), -9994},
		"wide that is blank is taken":                  {append(sized("jpg", 800, 400), part{"wide", "", nil}), 0},
		"an empty file":                                {file("a.jpg", nil), -8001},
		"5 MB is taken":                                {file("a.jpg", padded(5<<20)), 0},
		"a byte more than 5 MB":                        {file("a.jpg", padded(5<<20+1)), -4007},
		"more than anything is read of":                {file("a.jpg", make([]byte, 17<<20)), -4007},
		"GIF":                                          {sized("gif", 800, 400), -4009},
		"GIF named as JPEG":                            {file("a.jpg", picture(t, "gif", 800, 400)), -4009},
		"text named as JPEG":                           {file("a.jpg", []byte("hello")), -4009},
		"JPEG named as text":                           {file("a.txt", jpg), -4009},
		"JPEG without an ending":                       {file("a", jpg), -4009},
		"a file's name of 256 characters":              {file(strings.Repeat("가", 252)+".jpg", jpg), -2000},
		"a JPEG that breaks off":                       {file("a.jpg", jpg[:len(jpg)/2]), -8001},
		"a JPEG without its end":                       {file("a.jpg", jpg[:len(jpg)-2]), -8001},
		"a PNG that breaks off":                        {file("a.png", picture(t, "png", 800, 400)[:60]), -8001},
		"a PNG's head alone":                           {file("a.png", picture(t, "png", 800, 400)[:33]), -8001},
		"a JPEG's first bytes alone":                   {file("a.jpg", jpg[:4]), -8001},
		"a file that unfolds to 64 million pixels":     {file("a.png", bomb(t, 8000, 8000)), -8001},
		"a file that unfolds to a million is taken":    {file("a.png", bomb(t, 1000, 1000)), 0},
		"a file that says to be larger than the world": {file("a.png", bomb(t, 1<<30, 0)), -8001},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.upload(t, test.parts...)
			if text, _ := got.at("header", "resultMessage").(string); got.code() != test.code || strings.Contains(text, "{}") || strings.HasPrefix(text, "Failure") {
				t.Errorf("answered %v, want %d", got, test.code)
			}
			if (got["image"] != nil) != (test.code == 0) {
				t.Errorf("answered with %v", got["image"])
			}
		})
	}
	whole, contentType := formOf(t, file("a.jpg", jpg)...)
	for name, test := range map[string]struct {
		path, body, contentType string
		code                    int
	}{
		"JSON":                       {talk, `{}`, "application/json", -9996},
		"no content type":            {talk, whole, "", -9996},
		"a form without a boundary":  {talk, whole, "multipart/form-data", -3002},
		"a malformed parameter":      {talk, whole, "multipart/form-data; boundary", -3002},
		"another boundary":           {talk, whole, "multipart/form-data; boundary=x", -3002},
		"a body without its end":     {talk, whole[:len(whole)-4], contentType, -3002},
		"no body":                    {talk, "", contentType, -9993},
		"a body that breaks off":     {talk, whole[:len(whole)-90], contentType, -3002},
		"a project without a sender": {"/friendtalk/v1.5/appkeys/bare", whole, contentType, -8005},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := b.do(t, "POST", test.path+"/images", test.body, "Content-Type", test.contentType); got.code() != test.code {
				t.Errorf("answered %v, want %d", got, test.code)
			}
		})
	}
}

func TestImageQueries(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{})
	_, err := b.sim.AddImage(appkey, "a.jpg", false)
	must(t, err)
	for name, test := range map[string]struct {
		method, query string
		code          int
	}{
		"a page of 1,000 is taken":      {"GET", "?pageSize=1000", 0},
		"a page of 1,001":               {"GET", "?pageSize=1001", -2005},
		"page 0":                        {"GET", "?pageNum=0", -2003},
		"a page that is no number":      {"GET", "?pageNum=x", -9994},
		"delete without a number":       {"DELETE", "", -8000},
		"delete a blank number":         {"DELETE", "?imageSeq=%20", -8000},
		"delete what is no number":      {"DELETE", "?imageSeq=a", -9994},
		"delete nothing between commas": {"DELETE", "?imageSeq=1,,2", -9994},
		"delete an unknown image":       {"DELETE", "?imageSeq=9", -8002},
		"delete one that is, one not":   {"DELETE", "?imageSeq=1,9", -8002},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := b.do(t, test.method, talk+"/images"+test.query, ""); got.code() != test.code {
				t.Errorf("answered %v, want %d", got, test.code)
			}
		})
	}
}

func TestADeletedImageStaysInItsMessages(t *testing.T) {
	t.Parallel()
	cfg := nhnsim.Config{StateFile: stateFile(t)}
	b := open(t, cfg)
	seq, err := b.sim.AddImage(appkey, "wide.jpg", true)
	must(t, err)
	with := m{"imageSeq": seq, "imageLink": "https://example.com", "content": "안녕"}
	soon := m{"requestDate": kakao.FormatDate(noon.Add(time.Hour))}
	sent := b.do(t, "POST", talk+"/messages", body(t, soon, with))
	id, _ := sent.at("message", "requestId").(string)
	if got := b.do(t, "DELETE", fmt.Sprintf("%s/images?imageSeq=%d", talk, seq), ""); got.code() != 0 {
		t.Fatalf("an image of a scheduled message: %v", got)
	}
	for restart := range 2 {
		if got := b.do(t, "POST", talk+"/messages", body(t, soon, with)); got.at("message", "sendResults", 0, "resultCode") != -8002.0 {
			t.Errorf("sent with a deleted image: %v", got)
		}
		got := b.do(t, "GET", talk+"/messages/"+id+"/1", "")
		url, _ := got.at("message", "imageUrl").(string)
		if got.at("message", "imageName") != "wide.jpg" || got.at("message", "wide") != true || got.at("message", "imageSeq") != float64(seq) {
			t.Errorf("the message shows %v", got)
		}
		resp, raw := get(t, url)
		head, err := jpeg.DecodeConfig(bytes.NewReader(raw))
		if err != nil || head.Width != 800 || head.Height != 600 || resp.Header.Get("Cache-Control") == "" {
			t.Errorf("%s is %v, %v", url, head, err)
		}
		if restart == 0 {
			b.restart(t, cfg)
		}
	}
}

func TestWhereImagesAreFound(t *testing.T) {
	t.Parallel()
	b := open(t, nhnsim.Config{ImageBaseURL: "https://images.example/x/", NoControl: true})
	_, err := b.sim.AddImage(appkey, "a", false)
	must(t, err)
	configured, _ := b.do(t, "GET", talk+"/images", "").at("imagesResponse", "images", 0, "imageUrl").(string)
	file, ok := strings.CutPrefix(configured, "https://images.example/x/")
	if !ok {
		t.Errorf("the URL is %s", configured)
	}
	for path, status := range map[string]int{
		"/_sim/images/" + file: 200, "/_sim/images/" + strings.Repeat("0", 40) + ".jpg": 404, "/_sim/images/x": 404,
		"/_sim/images/..%2f..%2fetc%2fpasswd": 404, "/_sim/images/" + strings.TrimSuffix(file, ".jpg") + ".gif": 404,
	} {
		if resp, _ := get(t, b.url+path); resp.StatusCode != status {
			t.Errorf("%s answered %d", path, resp.StatusCode)
		}
	}
	w := httptest.NewRecorder()
	b.sim.ImageHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/demo/images/"+file, nil))
	head, err := jpeg.DecodeConfig(w.Body)
	if w.Code != http.StatusOK || err != nil || head.Width != 800 || head.Height != 400 {
		t.Errorf("the handler answered %d with %v, %v", w.Code, head, err)
	}

	plain := open(t, nhnsim.Config{})
	_, err = plain.sim.AddImage(appkey, "a", false)
	must(t, err)
	for host, want := range map[string]string{"sim.example:9": "http://sim.example:9/_sim/images/", "": "https://mud-kage.kakao.com/dn/sim/"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, talk+"/images", nil)
		r.Host = host
		r.Header.Set(kakao.HeaderSecretKey, secret)
		plain.sim.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), `"imageUrl":"`+want) {
			t.Errorf("asked at %q: %s", host, w.Body)
		}
	}
}

func TestImagesSurviveARestart(t *testing.T) {
	t.Parallel()
	cfg := nhnsim.Config{StateFile: stateFile(t), ImageBaseURL: "https://images.example"}
	b := open(t, cfg)
	for i := range 3 {
		if got := b.upload(t, part{"image", "a\xff" + strconv.Itoa(i) + ".jpg", picture(t, "jpg", 600, 400+100*(i/2))}); got.code() != 0 {
			t.Fatal(got)
		}
	}
	b.do(t, "DELETE", talk+"/images?imageSeq=3", "")
	_, err := b.sim.AddImage(appkey, "seeded.jpg", true)
	must(t, err)
	files, err := os.ReadDir(cfg.StateFile + ".images")
	if err != nil || len(files) != 3 {
		t.Errorf("two pictures that are the same and two others are %v, %v", files, err)
	}
	before := b.do(t, "GET", talk+"/images", "")
	must(t, b.sim.Close())
	if got := b.do(t, "DELETE", talk+"/images?imageSeq=1", ""); got.code() != -9999 {
		t.Errorf("what cannot be written is done: %v", got)
	}
	cfg.Now = b.clock.Now
	b.start(t, cfg)
	if diff := cmp.Diff(before, b.do(t, "GET", talk+"/images", "")); diff != "" {
		t.Error(diff)
	}
	if got := b.upload(t, part{"image", "b.jpg", picture(t, "jpg", 600, 400)}); got.at("image", "imageSeq") != 5.0 {
		t.Errorf("a number is used again: %v", got)
	}
}

func TestAnImageThatCannotBeKept(t *testing.T) {
	t.Parallel()
	cfg := nhnsim.Config{StateFile: stateFile(t)}
	b := open(t, cfg)
	must(t, os.WriteFile(cfg.StateFile+".images", nil, 0o600)) // a file in the folder's place
	if got := b.upload(t, part{"image", "a.jpg", picture(t, "jpg", 800, 400)}); got.code() != -8010 {
		t.Errorf("answered %v", got)
	}
	if _, err := b.sim.AddImage(appkey, "a.jpg", false); err == nil {
		t.Error("seeded")
	}
	if got := b.do(t, "GET", talk+"/images", ""); got.at("imagesResponse", "totalCount") != 0.0 {
		t.Errorf("listed: %v", got)
	}
}

// FuzzUpload sends forms that may be none: every one is answered with a header.
func FuzzUpload(f *testing.F) {
	sim, err := nhnsim.Open(nhnsim.Config{})
	must(f, err)
	must(f, sim.AddAppkey(appkey, secret))
	_, err = sim.AddSender(appkey, nhnsim.Sender{PlusFriendID: from, Registered: true})
	must(f, err)
	for _, parts := range [][]part{
		nil, {{"image", "a.jpg", picture(f, "jpg", 500, 250)}}, {{"image", "a.png", picture(f, "png", 500, 250)}, {"wide", "", []byte("true")}},
		{{"image", "a.jpg", []byte("\xff\xd8\xff")}}, {{"image", "a.png", bomb(f, 1000, 1000)}}, {{"wide", "", []byte("x")}, {"wide", "w", nil}},
	} {
		body, contentType := formOf(f, parts...)
		f.Add(contentType, []byte(body))
		f.Add("multipart/form-data; boundary=x", []byte(body))
	}
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, talk+"/images", bytes.NewReader(body))
		r.Header.Set(kakao.HeaderSecretKey, secret)
		r.Header.Set("Content-Type", contentType)
		sim.ServeHTTP(w, r)
		var answer object
		if err := json.Unmarshal(w.Body.Bytes(), &answer); w.Code != http.StatusOK || err != nil || answer.at("header", "isSuccessful") == nil {
			t.Errorf("answered %d %q: %v", w.Code, w.Body, err)
		}
	})
}
