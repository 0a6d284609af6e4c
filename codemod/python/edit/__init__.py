"""The edits of one program: what rules want of an expression or a statement becomes text."""
