package words_test

import (
	"testing"

	"github.com/causeway-app/causeway/assets/words"
)

func TestTheLanguageThatFitsBestIsSpoken(t *testing.T) {
	for wanted, want := range map[string]string{
		"": "en", "C": "en", "POSIX": "en", "en_GB.UTF-8": "en", "de_DE": "en", "not a language!": "en",
		"zh": "zh-Hans", "zh_CN.UTF-8": "zh-Hans", "zh-Hans-SG": "zh-Hans", "zh_CN@pinyin": "zh-Hans",
	} {
		if got := words.In(wanted).Language(); got != want {
			t.Errorf("In(%q) speaks %s, want %s", wanted, got, want)
		}
	}
	if got := words.In("tlh", "zh-CN", "en").Language(); got != "zh-Hans" {
		t.Errorf("the first known language is passed over for %s", got)
	}
}

func TestCountsHaveTheirPlurals(t *testing.T) {
	english, chinese := words.In("en"), words.In("zh")
	for n, want := range map[int]string{0: "0 files", 1: "1 file", 2: "2 files", 2001: "2,001 files"} {
		if got := english.Count("files", n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
	if got := chinese.Count("files", 1); got != "1 个文件" {
		t.Errorf("Chinese has no singular: %q", got)
	}
}

func TestAMissingTextIsSeen(t *testing.T) {
	english := words.In("en")
	if got := english.Say("no.such.key", nil); got != "no.such.key" {
		t.Errorf("got %q", got)
	}
	if got := english.Say("amount", map[string]string{"Part": "1"}); got != "amount" {
		t.Errorf("a text without its data came out as %q", got)
	}
}
