// Package words says things in the user's language: sentences from
// assets/translations, and numbers with their units. The window and
// causeway-cli both speak through it. It draws nothing.
package words

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"sync"
	"text/template"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"github.com/causeway-app/causeway/assets"
)

// languages are the translations there are. The first is used when none fits.
var languages = []language.Tag{language.English, language.SimplifiedChinese}

// files names the translation of each of languages.
var files = []string{"en", "zh"}

// Words speaks one language. Its methods are safe for concurrent use.
type Words struct {
	tag   language.Tag
	texts map[string]*template.Template
}

var loaded = struct {
	sync.Mutex
	words map[string]*Words
}{words: map[string]*Words{}}

// In returns the language that fits best. wanted are BCP 47 tags or POSIX
// locale names ("zh", "zh-Hans-CN", "zh_CN.UTF-8"), the dearest first. What is
// empty or makes no sense is passed over; English is used where nothing fits.
func In(wanted ...string) *Words {
	var tags []language.Tag
	for _, name := range wanted {
		name, _, _ = strings.Cut(name, ".")
		name, _, _ = strings.Cut(name, "@")
		if tag, err := language.Parse(strings.ReplaceAll(name, "_", "-")); err == nil {
			tags = append(tags, tag)
		}
	}
	_, index, confidence := language.NewMatcher(languages).Match(tags...)
	if confidence == language.No {
		index = 0
	}
	return load(index)
}

func load(index int) *Words {
	loaded.Lock()
	defer loaded.Unlock()
	name := files[index]
	if w := loaded.words[name]; w != nil {
		return w
	}
	texts, err := read(name)
	if err != nil {
		panic(err) // the files are built in, and a test reads each
	}
	w := &Words{tag: languages[index], texts: texts}
	loaded.words[name] = w
	return w
}

func read(name string) (map[string]*template.Template, error) {
	data, err := assets.Translations.ReadFile(path.Join("translations", name+".json"))
	if err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	var plain map[string]string
	if err := json.Unmarshal(data, &plain); err != nil {
		return nil, fmt.Errorf("words: %s: %w", name, err)
	}
	texts := make(map[string]*template.Template, len(plain))
	for key, text := range plain {
		parsed, err := template.New(key).Option("missingkey=error").Parse(text)
		if err != nil {
			return nil, fmt.Errorf("words: %s: %w", name, err)
		}
		texts[key] = parsed
	}
	return texts, nil
}

// Language is the language's BCP 47 tag, "en" or "zh-Hans".
func (w *Words) Language() string { return w.tag.String() }

// Has reports whether there is a text for key.
func (w *Words) Has(key string) bool { return w.texts[key] != nil }

// Say returns the text of key. data fills its {{.Fields}}: a struct, a map, or
// nil. A key without a text, or a text that data does not fit, comes out as the
// key itself: ugly, but seen, and tests keep it from happening.
func (w *Words) Say(key string, data any) string {
	text := w.texts[key]
	if text == nil {
		return key
	}
	var said strings.Builder
	if err := text.Execute(&said, data); err != nil {
		return key
	}
	return said.String()
}

// Count returns the text of key in the plural form that the language has for
// n: the keys are key+".one", key+".other" and so on, by the names of Unicode
// CLDR; ".other" serves where the form has no text of its own. The text gets n
// as {{.Count}}, with thousands grouped.
func (w *Words) Count(key string, n int) string {
	form := key + forms[plural.Cardinal.MatchPlural(w.tag, max(n, -n), 0, 0, 0, 0)]
	if !w.Has(form) {
		form = key + ".other"
	}
	return w.Say(form, map[string]string{"Count": Grouped(int64(n))})
}

var forms = map[plural.Form]string{
	plural.Zero: ".zero", plural.One: ".one", plural.Two: ".two",
	plural.Few: ".few", plural.Many: ".many", plural.Other: ".other",
}
