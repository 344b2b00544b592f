package nhnsim_test

import (
	"encoding/json"
	"testing"
)

const (
	brand     = "/brandtalk/v2.2/appkeys/" + appkey
	fromKey   = "13b4ed322fe3df379e76d6bde5d6e01d44cd875b" // of the sender that every bench has
	templates = brand + "/senders/" + fromKey + "/templates"
)

// template registers one under the code "t1", some members replaced.
func (b *bench) template(t testing.TB, members m) {
	t.Helper()
	if got := b.do(t, "POST", templates, templateBody(t, members)); got.code() != 0 {
		t.Fatalf("answered %v", got)
	}
}

// templateBody is a registration's, some members replaced. It has variables where its
// text has.
func templateBody(t testing.TB, members m) string {
	t.Helper()
	in := m{"templateCode": "t1", "templateName": "봄 소식", "unsubscribeContent": "080-1111-2222/12345", "templateContent": "안녕하세요", "contentType": "V"}
	for k, v := range members {
		in[k] = v
	}
	raw, err := json.Marshal(in)
	must(t, err)
	return string(raw)
}

// brandBody is a send's, to one recipient with some members replaced.
func brandBody(t testing.TB, request, recipient m) string {
	t.Helper()
	to := m{"recipientNo": number}
	for k, v := range recipient {
		to[k] = v
	}
	in := m{"senderKey": fromKey, "templateCode": "t1", "recipientList": []any{to}}
	for k, v := range request {
		in[k] = v
	}
	raw, err := json.Marshal(in)
	must(t, err)
	return string(raw)
}
