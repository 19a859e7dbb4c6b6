"""The pure core: values in, values out. Its files are the stages of a decision, imported in the order of the flow."""
