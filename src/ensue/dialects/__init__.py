"""The dialects: in whose words one speaks to Ensue; translation and nothing else."""
