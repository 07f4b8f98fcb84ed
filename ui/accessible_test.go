package ui

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
)

// ownWidgets finds the widgets that this package draws itself, and the methods
// of all its types.
func ownWidgets(t *testing.T) (widgets []string, methods map[string]bool) {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	methods = map[string]bool{}
	for _, entry := range files {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch found := node.(type) {
			case *ast.TypeSpec:
				if shape, ok := found.Type.(*ast.StructType); ok && embedsBaseWidget(shape) {
					widgets = append(widgets, found.Name.Name)
				}
			case *ast.FuncDecl:
				if found.Recv == nil {
					return true
				}
				if of, ok := found.Recv.List[0].Type.(*ast.StarExpr); ok {
					if name, ok := of.X.(*ast.Ident); ok {
						methods[name.Name+"."+found.Name.Name] = true
					}
				}
			}
			return true
		})
	}
	return widgets, methods
}

func embedsBaseWidget(shape *ast.StructType) bool {
	for _, field := range shape.Fields.List {
		if of, ok := field.Type.(*ast.SelectorExpr); ok && len(field.Names) == 0 && of.Sel.Name == "BaseWidget" {
			return true
		}
	}
	return false
}

func TestEveryOwnWidgetOfThePagesCanBeReadAloud(t *testing.T) {
	widgets, methods := ownWidgets(t)
	if len(widgets) < 8 {
		t.Fatalf("only %q were found", widgets)
	}
	for _, name := range widgets {
		for _, method := range []string{"AccessibilityLabel", "AccessibilityRole"} {
			if !methods[name+"."+method] {
				t.Errorf("%s has no %s", name, method)
			}
		}
	}
}

func TestTheListReadsTheMarkedRow(t *testing.T) {
	d := englishDesk(t)
	d.transfers.toggle("s")
	asks := asking(engine.TransferLimit)
	d.show(one(asks, peer("s", path.Relayed)))
	list := d.transfers.list
	if got := list.AccessibilityLabel(); got != "" {
		t.Errorf("before a row is marked it reads %q", got)
	}
	d.window.Canvas().Focus(list)
	if got := list.AccessibilityLabel(); !strings.HasPrefix(got, "Holiday pictures") || got != d.row(t, 0).AccessibilityLabel() {
		t.Errorf("it reads %q", got)
	}
	list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	if got := list.AccessibilityLabel(); !strings.HasPrefix(got, "Margaret") {
		t.Errorf("at a peer it reads %q", got)
	}
	row := d.row(t, 0)
	if got := row.drawn.question.AccessibilityLabel(); got != row.drawn.question.text.Text() || got == "" {
		t.Errorf("the question is read as %q", got)
	}
	if got := row.drawn.icon.AccessibilityLabel(); got != "Sent from this computer" {
		t.Errorf("the arrow is read as %q", got)
	}
	if got := d.detailRow(t, 0).AccessibilityLabel(); !strings.Contains(got, "Nobody has everything yet") {
		t.Errorf("the detail is read as %q", got)
	}
}

func TestTheMarkedRowIsPausedAndItsCodeShownByKeys(t *testing.T) {
	d := englishDesk(t)
	share := moving(sending(""), path.DirectLAN)
	d.show(one(share))
	list := d.transfers.list
	d.window.Canvas().Focus(list)
	press := func(name fyne.KeyName) { list.TypedKey(&fyne.KeyEvent{Name: name}) }
	press(fyne.KeyP)
	share.Phase = engine.Paused
	d.show(one(share))
	press(fyne.KeyP)
	d.wantVerbs(t, "pause s", "resume s")
	press(fyne.KeyQ)
	if len(d.modals) != 1 {
		t.Error("Q shows no code")
	}
	d.leaveModals()
	done := receiving(engine.Complete)
	d.show(one(done))
	d.window.Canvas().Focus(list)
	press(fyne.KeyP)
	d.wantVerbs(t, "pause s", "resume s") // nothing is there to pause
}

func TestAPausedPeerIsNotSaidToBeSlow(t *testing.T) {
	d := englishDesk(t)
	d.transfers.toggle("s")
	p := peer("s", path.DirectLAN)
	p.Paused, p.RateOut = true, 0
	d.show(one(moving(sending(""), path.DirectLAN), p))
	line := d.peerLine(t, 0)
	if line.incoming.Text() != "Paused" || line.outgoing.Text() != "" || line.name.Text() != "Grace's desktop" {
		t.Errorf("the line of %q says %q and %q", line.name.Text(), line.incoming.Text(), line.outgoing.Text())
	}
}
