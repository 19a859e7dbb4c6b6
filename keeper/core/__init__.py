"""The pure core: values in, values out. Its files are the stages of a decision, in the order of the flow."""
