import resource
import subprocess
import sys


def test_a_low_limit_is_raised_as_far_as_it_may_be() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = 10_240 if hard == resource.RLIM_INFINITY else min(10_240, hard)
    script = (
        "import resource; from fake_mlx.open_files import raise_limit;"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (64, {hard}));"
        "raise_limit(); print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert int(done.stdout) == wanted
