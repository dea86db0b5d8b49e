class FileTools:
    def __init__(self, base_dir):
        self.base_dir = base_dir
