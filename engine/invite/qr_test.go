package invite_test

import (
	"image/color"
	"strings"
	"testing"

	"github.com/causeway-app/causeway/engine/invite"
)

func TestTheQRCodeOfAnInvitationUsesTheSmallMode(t *testing.T) {
	t.Parallel()
	text := invite.Invitation{Secret: invite.NewSecret()}.String()
	small, err := invite.QR(text)
	if err != nil {
		t.Fatal(err)
	}
	capitals, err := invite.QR(strings.ToUpper(text))
	if err != nil {
		t.Fatal(err)
	}
	// The same length in lower case, as it would be in byte mode.
	bytewise, err := invite.QR("x" + text[1:])
	if err != nil {
		t.Fatal(err)
	}
	if small.Size() >= bytewise.Size() {
		t.Errorf("%d modules a side, %d in byte mode", small.Size(), bytewise.Size())
	}
	for y := range small.Size() {
		for x := range small.Size() {
			if small.Black(x, y) != capitals.Black(x, y) {
				t.Fatalf("differs from the code of the capitals at %d,%d", x, y)
			}
		}
	}
}

func TestTheQRCodeHasItsFinderPatterns(t *testing.T) {
	t.Parallel()
	code, err := invite.QR("causeway:040")
	if err != nil {
		t.Fatal(err)
	}
	last := code.Size() - 7
	for _, corner := range [][2]int{{0, 0}, {last, 0}, {0, last}} {
		for y := range 7 {
			for x := range 7 {
				ring := max(abs(x-3), abs(y-3))
				if got := code.Black(corner[0]+x, corner[1]+y); got != (ring != 2) {
					t.Fatalf("corner %v: module %d,%d is black: %v", corner, x, y, got)
				}
			}
		}
	}
}

func abs(n int) int { return max(n, -n) }

func TestTheTerminalAndTheImageShowTheSameModules(t *testing.T) {
	t.Parallel()
	code, err := invite.QR(invite.Invitation{Secret: invite.NewSecret()}.String())
	if err != nil {
		t.Fatal(err)
	}
	const quiet, scale = 4, 3
	picture := code.Image(scale)
	if side := (code.Size() + 2*quiet) * scale; picture.Bounds().Dx() != side || picture.Bounds().Dy() != side {
		t.Fatalf("the image is %v, want %d a side", picture.Bounds(), side)
	}
	lines := strings.Split(strings.TrimSuffix(code.Terminal(), "\n"), "\n")
	for y := -quiet; y < code.Size()+quiet; y++ {
		line := lines[(y+quiet)/2]
		line = strings.TrimSuffix(strings.TrimPrefix(line, "\x1b[38;5;16;48;5;231m"), "\x1b[0m")
		blocks := []rune(line)
		if len(blocks) != code.Size()+2*quiet {
			t.Fatalf("a line of %d characters", len(blocks))
		}
		for x := -quiet; x < code.Size()+quiet; x++ {
			half := "█▀"
			if (y+quiet)%2 == 1 {
				half = "█▄"
			}
			black := code.Black(x, y)
			if got := strings.ContainsRune(half, blocks[x+quiet]); got != black {
				t.Fatalf("terminal: module %d,%d is black: %v", x, y, got)
			}
			shade := color.GrayModel.Convert(picture.At((x+quiet)*scale+1, (y+quiet)*scale+1)).(color.Gray)
			if got := shade.Y == 0; got != black {
				t.Fatalf("image: module %d,%d is black: %v", x, y, got)
			}
		}
	}
}

func TestATextTooLongForAQRCodeIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := invite.QR(strings.Repeat("x", 3000)); err == nil {
		t.Error("3000 bytes fit")
	}
}
