{
  description = "The terminal dashboard for Liftbridge";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      forEach = make: nixpkgs.lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
      manifest = (builtins.fromTOML (builtins.readFile ./Cargo.toml)).package;
    in
    {
      packages = forEach (pkgs: {
        default = pkgs.rustPlatform.buildRustPackage {
          pname = manifest.name;
          inherit (manifest) version;
          src = self;
          cargoLock.lockFile = ./Cargo.lock;
          # There is no repository to ask in the sandbox.
          LIFTUI_COMMIT = "${self.shortRev or "unknown"} (${builtins.substring 0 8 (self.lastModifiedDate or "")})";
          # The tests of the whole want a terminal, loopback and time; `.ci/run` has them.
          cargoTestFlags = [ "--lib" ];
          nativeBuildInputs = [ pkgs.installShellFiles ];
          postInstall = ''
            $out/bin/liftui man > liftui.1
            installManPage liftui.1
            for shell in bash zsh fish; do
              $out/bin/liftui completions $shell > liftui.$shell
              installShellCompletion --cmd liftui --$shell liftui.$shell
            done
          '';
          meta = {
            inherit (manifest) description;
            homepage = manifest.repository;
            license = pkgs.lib.licenses.asl20;
            mainProgram = "liftui";
          };
        };
      });

      devShells = forEach (pkgs: {
        default = pkgs.mkShell {
          packages = [
            pkgs.cargo
            pkgs.clippy
            pkgs.rustc
            pkgs.rustfmt
            pkgs.cargo-deny
            pkgs.python3
          ];
        };
      });
    };
}
