class SqliteDb:
    def __init__(self, db_file):
        self.file = db_file
