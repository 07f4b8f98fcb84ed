package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// written are the documents that name every flag: the contract and the manual.
var written = []string{"README.md", "../../packaging/linux/causeway-cli.1.tmpl"}

// problemCodes are the constants of engine's ProblemCode.
func problemCodes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../engine/problem.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	ast.Inspect(file, func(node ast.Node) bool {
		constant, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := constant.Type.(*ast.Ident); !ok || kind.Name != "ProblemCode" {
			return true
		}
		code, err := strconv.Unquote(constant.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, code)
		return true
	})
	if len(codes) < 20 {
		t.Fatalf("engine/problem.go has only the codes %v", codes)
	}
	return codes
}

func TestTheContractNamesEveryProblemCode(t *testing.T) {
	contract, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, found := strings.Cut(string(contract), "`code` is one of ")
	list, _, ended := strings.Cut(list, ". `detail`")
	if !found || !ended {
		t.Fatal("README.md has no list of codes")
	}
	var named []string
	for _, match := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(list, -1) {
		named = append(named, match[1])
	}
	codes := problemCodes(t)
	for _, code := range codes {
		if !slices.Contains(named, code) {
			t.Errorf("README.md does not name %s", code)
		}
	}
	for _, code := range named {
		if !slices.Contains(codes, code) {
			t.Errorf("README.md names %s, which engine does not have", code)
		}
	}
}

func TestTheContractNamesEveryFlag(t *testing.T) {
	parser, err := kong.New(&commandLine{})
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range written {
		content, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(content), `\-`, "-") // as roff writes it
		flags := slices.Clone(parser.Model.Flags)
		for _, command := range parser.Model.Children {
			flags = append(flags, command.Flags...)
		}
		for _, flag := range flags {
			named := regexp.MustCompile(`--` + regexp.QuoteMeta(flag.Name) + `\b[^-]`)
			if flag.Name != "help" && !named.MatchString(text) {
				t.Errorf("%s does not name --%s", document, flag.Name)
			}
		}
	}
}

func TestTheContractNamesEveryField(t *testing.T) {
	content, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, report := range []any{
		invitationReport{}, stateReport{}, transferReport{}, problemReport{}, questionReport{},
		peerReport{}, serverReport{}, serverFailureReport{}, explanationReport{}, relayReport{}, pathReport{},
	} {
		for field := range reflect.TypeOf(report).Fields() {
			name := field.Tag.Get("json")
			if !strings.Contains(string(content), "`"+name+"`") && !strings.Contains(string(content), `"`+name+`":`) {
				t.Errorf("README.md does not name the field %s of %T", name, report)
			}
		}
	}
}
