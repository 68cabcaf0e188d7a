"""What kind of calcification: whole bodies, features anyone can check, and a small model of plain numbers."""
