"""What a trained model is used for: lists, explanations, exports, a page."""
