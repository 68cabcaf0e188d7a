from support.bright_bundle import bundle_folder, own_bundle

__all__ = ["bundle_folder", "own_bundle"]
